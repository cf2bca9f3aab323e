"""What was measured, as a table for the terminal and as bench/results.md."""
from statistics import median

UNITS = ((1, "s"), (1e-3, "ms"), (1e-6, "us"))


def seconds(value):
    """Three digits, in the unit that suits."""
    size, unit = next(((s, u) for s, u in UNITS if value >= s), UNITS[-1])
    return f"{value / size:.3g} {unit}"


def verdict(row):
    if not row["ratios"]:
        return f"not measured: {row['reason']}"
    ratio = median(row["ratios"])
    return "aim reached" if ratio >= row["aim"] else "floor reached" if ratio >= row["floor"] else "below the floor"


def cost_verdict(cost):
    if not cost["values"]:
        return f"not measured: {cost['reason']}"
    return "within the limit" if median(cost["values"]) <= cost["limit"] else "over the limit"


def times(value):
    return f"{value:.4g}x"


def three(values, form):
    return [form(v) for v in (min(values), median(values), max(values))] if values else ["-"] * 3


def measured(values):
    return seconds(median(values)) if values else "-"


ROW_HEAD = ["row", "work", "against", "aim", "floor", "min", "median", "max", "netc", "peer", ""]
COST_HEAD = ["row", "what", "limit", "min", "median", "max", ""]


def row_cells(row):
    return [row["name"], row["title"], row["short"], times(row["aim"]), times(row["floor"]),
            *three(row["ratios"], lambda v: f"{v:.2f}x"), measured(row["netc"]), measured(row["peer"]), verdict(row)]


def cost_cells(cost):
    return [cost["name"], cost["title"], f"{cost['limit']:.4g} {cost['unit']}",
            *three(cost["values"], lambda v: f"{v:.3g} {cost['unit']}"), cost_verdict(cost)]


def columns(head, rows, left):
    """A table in which columns stand under one another; the first `left` and the last are flush left."""
    table = [head, *rows]
    width = [max(len(line[i]) for line in table) for i in range(len(head))]
    return ["  ".join(cell.ljust(w) if i < left or i == len(head) - 1 else cell.rjust(w)
                      for i, (cell, w) in enumerate(zip(line, width))).rstrip() for line in table]


def text(results):
    lines = []
    if results["rows"]:
        lines += ["", *columns(ROW_HEAD, [row_cells(r) for r in results["rows"]], 3),
                  "netc and peer: median time of an epoch, of the test set, or of one image; netc is so many times as fast"]
    if results["costs"]:
        lines += ["", *columns(COST_HEAD, [cost_cells(c) for c in results["costs"]], 2)]
    return "\n".join(lines)


def pipes(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head),
            *("| " + " | ".join(line) + " |" for line in rows)]


def markdown(results, chart):
    setup = results["setup"]
    lines = ["# What `make bench` measured", "",
             "netc beside PyTorch and ONNX Runtime, in one run, by turns. A ratio is that of one round; netc is so many times",
             "as fast. Aims and floors are what was asked for before it was built; the median counts.", "",
             f"![ratios]({chart})", ""]
    lines += [f"- {name}: {value}" for name, value in setup.items()]
    for kind in dict.fromkeys(row["against"] for row in results["rows"]):
        lines += ["", f"## Against {kind}", ""]
        lines += pipes(ROW_HEAD, [row_cells(r) for r in results["rows"] if r["against"] == kind])
    if results["costs"]:
        lines += ["", "## What netc itself costs", "", *pipes(COST_HEAD, [cost_cells(c) for c in results["costs"]])]
    if results["contestants"]:
        lines += ["", "## Each of them", "", "Training: an epoch. Evaluation: the whole test set, or one image.", ""]
        lines += pipes(["spec", "work", "who", "threads", "min", "median", "max"],
                       [[c["spec"], c["work"], ", ".join(filter(None, (c["who"], c["note"]))), str(c["threads"]),
                         *three(c["values"], seconds)] for c in results["contestants"]])
    return "\n".join(lines) + "\n"
