"""The programs that are measured: trainers that netc writes, and peers, Python processes that wait for their turn."""
import ctypes.util
import json
import os
import re
import shutil
import subprocess
import sys
import time

import idx
from rows import SEED
from spec import Spec

HERE = os.path.dirname(os.path.abspath(__file__))


class Failed(Exception):
    """Why a program could not be measured."""


def output(command, **more):
    """What a command prints; Failed with the last line that it said."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit status {done.returncode}").splitlines()
        raise Failed(f"{os.path.basename(command[0])}: {said[0]}")
    return done.stdout


class Setup:
    """Where things are: netc, the folder to work in, the Python of the peers, the C compiler and the datasets."""
    def __init__(self, netc, work, python, cc, quick):
        self.netc, self.work, self.python, self.cc, self.quick = netc, work, python, cc, quick
        os.makedirs(self.work, exist_ok=True)
        self.weights = os.path.join(work, "weights.safetensors")        # what a trainer saves, and nobody reads
        self.specs, self.peak = {}, 0                                   # the peak in GFLOP/s, as a trainer measured it
        self.jemalloc = ctypes.util.find_library("jemalloc")

    def spec(self, path):
        if path not in self.specs:
            self.specs[path] = Spec(path)
        return self.specs[path]

    def data(self, path):
        """The folder of a spec's dataset, which is written where it is not MNIST as it comes. In another process: the
        memory peak of this one is a lower bound for what it can measure of its children."""
        spec, mnist = self.spec(path), "data/mnist"
        if spec.dataset == "mnist":
            if not self.quick:
                return mnist
            name = "28x28"
        else:
            name = os.path.basename(spec.data["root"])
        return self.dataset(name + ("-2000" if self.quick else ""))

    def dataset(self, name):
        folder = os.path.join(self.work, "data", name)
        output([sys.executable, os.path.join(HERE, "idx.py"), folder, "data/mnist"])
        return folder

    def trainer(self, spec, cpu):
        """Compiles a spec, whose net is called as the file is, and builds the trainer; its path."""
        name = os.path.splitext(os.path.basename(spec))[0]
        folder = os.path.join(self.work, cpu, name)
        output([self.netc, spec, f"--cpu={cpu}", "-o", folder])
        output(["make", "-s", "-C", folder, f"RUNTIME={os.path.abspath('runtime')}", f"CC={self.cc}"])
        return os.path.join(folder, name)

    def summary(self, spec):
        """Parameters, and MFLOP of training and of evaluating one image, as netc counts them."""
        total = re.search(r"^total +([\d,]+) +([\d.,]+) +([\d.,]+)", output([self.netc, "summary", spec]), re.M)
        parameters, forward, backward = (float(text.replace(",", "")) for text in total.groups())
        return {"parameters": int(parameters), "train": forward + backward, "evaluate": forward}

    def transformed(self, name, transforms):
        """The seed network with more transforms, in front of its own; the spec's path."""
        with open(SEED, encoding="utf-8") as file:
            text = re.sub(r"(?m)^net \w+", f"net {name}", file.read())
        text, count = re.subn(r"(\btransform\s*=\s*\[)", rf"\1{transforms}, ", text)
        if count != 1:
            raise Failed(f"{SEED} has no list of transforms")
        path = os.path.join(self.work, f"{name}.net")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def usage(self, command):
        """What a command takes: resource.struct_rusage."""
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        if status:
            raise Failed(f"{os.path.basename(command[0])} failed")
        return usage


class Netc:
    """A trainer. Each measurement is a run of its own; of two epochs the second, as the first pays for starting up."""
    def __init__(self, setup, contestant):
        self.setup, self.of = setup, contestant
        self.data = setup.data(contestant.spec)
        self.program = setup.trainer(contestant.spec, contestant.cpu)
        self.info = setup.summary(contestant.spec)

    def options(self):
        return ["--threads", str(self.of.threads), "--data", self.data]

    def train(self):
        said = output([self.program, "train", "--epochs", "2", "--progress", "json", "--save", self.setup.weights,
                       *self.options()])
        return json.loads(said.splitlines()[-1])["seconds"]

    def bench(self, what):
        """One figure of the trainer's own bench: of evaluation and prediction, with next to no training before."""
        found = json.loads(output([self.program, "bench", "--json", "--epochs", "5", "--steps", "10", *self.options()]))
        self.setup.peak = max(self.setup.peak, found["peak_gflops"])
        if found.get(what) is None:
            raise Failed(f"{self.of.spec}: the trainer's bench says no {what}")
        return found[what]

    def images(self):
        return idx.read(self.data, idx.PARTS["test"][1])[0][0] / self.bench("evaluate_images_per_second")

    def image(self):
        return 1e-6 * self.bench("predict_microseconds")

    def measure(self):
        return getattr(self, self.of.work)()

    def close(self):
        pass


class Peer:
    """A process that measures once for each line it is sent."""
    def __init__(self, setup, contestant):
        environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", BENCH_WORK=setup.work)
        if contestant.who == "tuned" and setup.jemalloc:
            environment["LD_PRELOAD"] = setup.jemalloc
        program, mode = ("onnx", contestant.work) if contestant.who == "onnx" else ("pytorch", contestant.who)
        self.log = os.path.join(setup.work, f"{program}.log")
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [setup.python, "-W", "ignore", os.path.join(HERE, f"peer_{program}.py"), contestant.spec,
                 setup.data(contestant.spec), mode, str(contestant.threads)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        self.info = self.answer()
        counted = setup.summary(contestant.spec)["parameters"]
        if self.info["parameters"] != counted:
            raise Failed(f"{contestant.spec}: {self.info['parameters']} parameters in the peer, {counted} in netc")

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.close()
            with open(self.log, encoding="utf-8") as log:
                said = log.read().strip().splitlines()
            raise Failed(said[-1] if said else f"exit status {self.process.returncode}")
        return json.loads(line)

    def measure(self):
        print(file=self.process.stdin, flush=True)
        return self.answer()["seconds"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def started(setup, contestant):
    if contestant.who == "netc":
        return Netc(setup, contestant)
    if not setup.python:
        raise Failed("PyTorch and ONNX Runtime are not here")
    return Peer(setup, contestant)


def added(setup, cost):
    """What a cost's transforms add to an epoch of the seed network, in percent: processor time of one thread, which
    other work on the machine changes little; of three epochs less that of one, as starting up is no part of them."""
    def epochs(program, count):
        usage = setup.usage([program, "train", "--epochs", str(count), "--threads", "1", "--device", "cpu",
                             "--progress", "off", "--save", setup.weights, "--data", setup.data(SEED)])
        return usage.ru_utime + usage.ru_stime
    programs = [setup.trainer(SEED, "native"),
                setup.trainer(setup.transformed(cost.name.replace("-", "_"), cost.transforms), "native")]
    most, least = [[epochs(program, count) for program in programs] for count in (3, 1)]
    plain, augmented = (more - less for more, less in zip(most, least))
    if plain <= 0:
        raise Failed("an epoch is too short to be measured")
    return 100 * (augmented / plain - 1)


def measure(setup, cost):
    """One measurement of what netc itself costs, in the unit of its row."""
    if cost.transforms:
        return added(setup, cost)
    name, folder = cost.name, os.path.join(setup.work, "cost")
    if name == "cost-memory":
        program = setup.trainer(SEED, "native")
        return setup.usage([program, "train", "--epochs", "1", "--threads", "2", "--progress", "off",
                            "--save", setup.weights]).ru_maxrss / 2**10
    shutil.rmtree(folder, ignore_errors=True)
    start = time.perf_counter()
    if name == "cost-netc":
        output([setup.netc, SEED, "-o", folder])
        return 1e3 * (time.perf_counter() - start)
    if name == "cost-build":
        output([setup.netc, SEED, "-o", folder])
        start = time.perf_counter()
        output(["make", "-s", "-C", folder, f"RUNTIME={os.path.abspath('runtime')}", "CC=gcc"])
    else:
        output([setup.netc, "run", SEED, "-o", folder, "--", "train", "--steps", "1", "--progress", "off",
                "--save", setup.weights])
    return time.perf_counter() - start
