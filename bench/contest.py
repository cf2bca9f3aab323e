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

    def memory(self, command):
        """The memory peak of a command, in bytes."""
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        if status:
            raise Failed(f"{os.path.basename(command[0])} failed")
        return usage.ru_maxrss * 1024


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


def cost(setup, name):
    """One measurement of what netc itself costs, in the unit of its row."""
    spec, folder = "specs/lenet.net", os.path.join(setup.work, "cost")
    if name == "cost-memory":
        program = setup.trainer(spec, "native")
        return setup.memory([program, "train", "--epochs", "1", "--threads", "2", "--progress", "off",
                             "--save", setup.weights]) / 2**20
    shutil.rmtree(folder, ignore_errors=True)
    start = time.perf_counter()
    if name == "cost-netc":
        output([setup.netc, spec, "-o", folder])
        return 1e3 * (time.perf_counter() - start)
    if name == "cost-build":
        output([setup.netc, spec, "-o", folder])
        start = time.perf_counter()
        output(["make", "-s", "-C", folder, f"RUNTIME={os.path.abspath('runtime')}", "CC=gcc"])
    else:
        output([setup.netc, "run", spec, "-o", folder, "--", "train", "--steps", "1", "--progress", "off",
                "--save", setup.weights])
    return time.perf_counter() - start
