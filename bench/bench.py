#!/usr/bin/env python3
"""netc beside PyTorch and ONNX Runtime, in one run, by turns. `make bench` calls it; rows.py says what is measured.

A bout is all that has to do with one spec: the trainers are built, the peers started, then in each round everyone has a
turn. The ratio of a row is taken in each round, so that the machine's moods hit both sides alike.
"""
import argparse
import datetime
import json
import os
import platform
import resource
import subprocess
import sys
import time

import chart
import contest
import report
import rows as table

SHORT = {"eager": "eager", "channels_last": "channels_last", "tuned": "tuned", "loader": "script", "onnx": "ONNX Runtime"}

JEMALLOC = {True: "preloaded into the tuned PyTorch", False: "not here; the tuned PyTorch runs without it"}


def say(words):
    print(words, file=sys.stderr, flush=True)


def describe(contestant):
    words = [contestant.who, *([contestant.work] if contestant.work != "train" else []), f"{contestant.threads} threads",
             *([contestant.cpu] if contestant.cpu != "native" else [])]
    return " ".join(words)


def bout(setup, spec, contestants, rounds):
    """Measures all contestants by turns. Returns for each a list of seconds, what it says of itself, and of
    those that failed why."""
    say(f"{spec}: building, starting")
    seconds, notes, reasons, running = {c: [] for c in contestants}, {}, {}, {}

    def give_up(contestant, error):
        reasons[contestant] = str(error)
        seconds[contestant] = []
        say(f"  {describe(contestant)}: not measured: {error}")
    try:
        for contestant in contestants:
            try:
                running[contestant] = contest.started(setup, contestant)
                notes[contestant] = running[contestant].info.get("note", "")
            except (contest.Failed, OSError) as error:
                give_up(contestant, error)
        for number in range(rounds):
            # Every other round backwards, so that nobody always comes after the same one.
            for contestant in [c for c in contestants if c in running][::1 if number % 2 == 0 else -1]:
                try:
                    seconds[contestant].append(running[contestant].measure())
                    say(f"  {number + 1}/{rounds} {describe(contestant)}: {report.seconds(seconds[contestant][-1])}")
                except (contest.Failed, OSError, KeyError, ValueError) as error:
                    running.pop(contestant).close()
                    give_up(contestant, error)
    finally:
        for contestant in running.values():
            contestant.close()
    return seconds, notes, reasons


def ratios(seconds, row):
    """Of each round; of several peers the faster one counts."""
    peers = [seconds[p] for p in row.peers()]
    if not all(peers) or not seconds[row.netc()]:
        return []
    return [min(turn) / own for own, *turn in zip(seconds[row.netc()], *peers)]


def measure_rows(setup, rows, rounds):
    contestants = {}
    for row in rows:
        for contestant in (row.netc(), *row.peers()):
            contestants.setdefault(row.spec, {})[contestant] = None
    found, everyone = [], []
    for spec, those in contestants.items():
        seconds, notes, reasons = bout(setup, spec, list(those), rounds)
        everyone += [{"spec": spec, "who": c.who + (f" {c.cpu}" if c.who == "netc" else ""), "note": notes[c],
                      "work": c.work, "threads": c.threads, "values": v} for c, v in seconds.items() if v]
        for row in (r for r in rows if r.spec == spec):
            sides = (row.netc(), *row.peers())
            peers = [seconds[p] for p in row.peers()]
            found.append((row, {
                "name": row.name, "title": row.title, "short": " or ".join(SHORT[p] for p in row.against),
                "against": ", or ".join(table.PEERS[p] for p in row.against) + (", the better" if len(peers) > 1 else ""),
                "aim": row.aim, "floor": row.floor, "ratios": ratios(seconds, row), "netc": seconds[row.netc()],
                "peer": [min(turn) for turn in zip(*peers)] if all(peers) else [],
                "reason": "; ".join(dict.fromkeys(reasons[s] for s in sides if s in reasons))}))
    found.sort(key=lambda pair: rows.index(pair[0]))
    return [result for _, result in found], everyone


def measure_costs(setup, costs, rounds):
    found = []
    for cost in costs:
        values, reason = [], ""
        try:
            for _ in range(rounds if cost.unit != "ms" else 10 * rounds):
                values.append(contest.measure(setup, cost))
            say(f"{cost.title}: {min(values):.3g} {cost.unit}")
        except (contest.Failed, OSError) as error:
            values, reason = [], str(error)
            say(f"{cost.title}: not measured: {error}")
        found.append({"name": cost.name, "title": cost.title, "limit": cost.limit, "unit": cost.unit, "values": values,
                      "reason": reason})
    return found


def first_line(command):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "not here"


def machine():
    name = platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            facts = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
        name = facts[0] if facts else name
    except OSError:
        pass
    return f"{name}, {os.cpu_count()} processors"


def versions(setup):
    code = ("import importlib.metadata as m\n"
            "for n in 'torch torchvision onnxruntime'.split():\n"
            "    try: print(n, m.version(n), end=', ')\n"
            "    except m.PackageNotFoundError: pass\n")
    peers = first_line([setup.python, "-c", code]) if setup.python else "not here"
    plan = first_line([setup.netc, "--emit=plan", "--cpu=native", table.SEED])
    return {
        "system": platform.platform(),
        "netc": first_line([setup.netc, "--version"]),
        "native code": plan.partition(": ")[2] or plan,
        "compiler": first_line([*setup.cc.split(), "--version"]),
        "peers": peers.rstrip(", "),
        **({"jemalloc": JEMALLOC[bool(setup.jemalloc)]} if setup.python else {}),
    }


def processor_seconds():
    """What all processors have worked since the machine started, and what this process and those it has waited for have."""
    with open("/proc/stat", encoding="utf-8") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    own = sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, (resource.RUSAGE_SELF,
                                                                                   resource.RUSAGE_CHILDREN)))
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK"), own


class Others:
    """How much others, on this machine or beside it, took of the processors: the less, the better the figures."""
    def __init__(self):
        self.start, self.busy = time.monotonic(), self.now()

    @staticmethod
    def now():
        try:
            everyone, own = processor_seconds()
            return everyone - own
        except (OSError, ValueError):
            return None

    def share(self):
        now = self.now()
        if now is None or self.busy is None:
            return "unknown"
        share = (now - self.busy) / (time.monotonic() - self.start) / os.cpu_count()
        return f"{100 * max(share, 0):.0f} % of the processors' time"


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--netc", default="build/netc")
    options.add_argument("--work", default="build/bench", help="the folder to work in")
    options.add_argument("--python", default="", help="the Python that has PyTorch and ONNX Runtime; none: only netc")
    options.add_argument("--cc", default="cc")
    options.add_argument("--rows", default="", help="names of rows, or what they begin with: seed perceptron")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--quick", action="store_true", help="2,000 images: to see whether all of it works")
    given = options.parse_args()
    rows, costs = table.chosen(given.rows.split())
    setup = contest.Setup(given.netc, given.work, given.python, given.cc, given.quick)
    facts = {"machine": machine(), **versions(setup), "date": datetime.date.today().isoformat(),
             "threads": "2 unless a row says 1", "rounds": given.rounds,
             **({"quick": "2,000 images, to try the bench: no figure here means anything"} if given.quick else {})}
    for name, value in facts.items():
        say(f"{name}: {value}")
    others = Others()
    found, everyone = measure_rows(setup, rows, given.rounds)
    costs_found = measure_costs(setup, costs, given.rounds)
    if setup.peak:
        facts["multiplications and additions on one thread"] = f"{setup.peak:.0f} GFLOP/s at most, as measured"
    facts["other work meanwhile"] = others.share()
    results = {"setup": facts, "rows": found, "costs": costs_found, "contestants": everyone}

    # Only a whole run replaces what the repository holds.
    whole = not given.rows.split() and not given.quick and given.python
    folder = "bench" if whole else setup.work
    write(os.path.join(setup.work, "results.json"), json.dumps(results, indent=1) + "\n")
    write(os.path.join(folder, "results.svg"), chart.bars(results))
    write(os.path.join(folder, "results.md"), report.markdown(results, "results.svg"))
    print(report.text(results))
    say(f"other work meanwhile took {facts['other work meanwhile']}")
    say(f"\nwritten: {folder}/results.md, {folder}/results.svg")


if __name__ == "__main__":
    sys.exit(main())
