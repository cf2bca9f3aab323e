"""Reads the part of the .net language that the specs of the bench use: a plain list of layers whose sizes are all stated,
settings, no blocks. What is measured beside netc is built from the same file, so that the two cannot differ.
"""
import ast
import re


class Layer:
    def __init__(self, kind, label, sizes, args):
        self.kind, self.label, self.sizes, self.args = kind, label, sizes, args

    def arg(self, position, name, default=None):
        """An argument by its place or by its name."""
        positional, named = self.args
        return positional[position] if position < len(positional) else named.get(name, default)

    def pair(self, position, name, default=None):
        """The same, as (height, width)."""
        value = self.arg(position, name, default)
        return value if isinstance(value, tuple) else (value, value)


class Spec:
    """name; input, a tuple; layers; data, train: settings by name; dataset: mnist or idx."""
    def __init__(self, path):
        self.path, self.layers, self.data, self.train = path, [], {}, {}
        self.name = self.dataset = self.input = None
        with open(path, encoding="utf-8") as file:
            self.parse(file.read())

    def parse(self, text):
        section = []
        text = re.sub(r"#.*", "", text)
        for line in re.sub(r"([{}])", r"\n\1\n", text).replace(";", "\n").splitlines():
            line = line.strip()
            if line == "{":
                section.append(head)
            elif line == "}":
                section.pop()
            elif line:
                head = line.split()
                self.statement(section, line)
        if self.input is None:
            raise ValueError(f"{self.path}: no net")

    def statement(self, section, line):
        inside = section[-1][0] if section else None
        if inside is None:
            words = line.split()
            if words[0] == "net":
                self.name = words[1]
            elif words[0] == "data":
                self.dataset = words[1]
            elif words[0] != "train":
                raise ValueError(f"{self.path}: not for the bench: {line}")
        elif inside in ("data", "train"):
            name, equals, value = line.partition("=")
            if equals:
                getattr(self, inside)[name.strip()] = expression(value)
        elif inside == "net" and line.startswith("input "):
            self.input = tuple(map(int, line.split()[1].split("x")))
        elif inside == "net":
            self.layers.append(layer(line, self.path))

    def setting(self, call, name, default):
        """What a call in the settings says, as lr in optimizer = sgd(lr=0.01)."""
        calls = self.train.get("optimizer"), *self.data.get("transform", [])
        for value in calls:
            if isinstance(value, tuple) and value[0] == call:
                return value[2].get(name, default)
        return default


def layer(line, path):
    match = re.fullmatch(r"(?:(\w+)\s*:\s*)?(\w+)\s*(?:\((.*)\))?", line)
    if not match:
        raise ValueError(f"{path}: not for the bench: {line}")
    label, kind, text = match.groups()
    sizes = re.match(r"\s*(\d+)\s*->\s*(\d+)\s*,?", text or "")
    if kind in ("conv2d", "linear") and not sizes:
        raise ValueError(f"{path}: for the bench both sizes are stated: {line}")
    if sizes:
        text = text[sizes.end():]
    return Layer(kind, label, tuple(map(int, sizes.groups())) if sizes else None, expression(f"{kind}({text or ''})")[1:])


def expression(text):
    """A value: numbers, strings, pairs as they are; a call as (name, positional, named); another name as a string."""
    return value_of(ast.parse(text.strip(), mode="eval").body)


def value_of(node):
    if isinstance(node, ast.Call):
        return (node.func.id, [value_of(a) for a in node.args], {k.arg: value_of(k.value) for k in node.keywords})
    if isinstance(node, ast.Name):
        return {"true": True, "false": False}.get(node.id, node.id)
    if isinstance(node, ast.List):
        return [value_of(e) for e in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(value_of(e) for e in node.elts)
    return ast.literal_eval(node)
