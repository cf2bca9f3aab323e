#!/usr/bin/env python3
"""Renders recorded figures as the bench does: render.py RECORDED FOLDER"""
import json
import sys
import xml.etree.ElementTree

sys.path.insert(0, "bench")
import chart        # noqa: E402
import report       # noqa: E402

with open(sys.argv[1], encoding="utf-8") as file:
    recorded = json.load(file)
made = {"results.txt": report.text(recorded) + "\n", "results.md": report.markdown(recorded, "results.svg"),
        "results.svg": chart.bars(recorded), "growth.svg": chart.curves(recorded["growth"])}
for name, text in made.items():
    if name.endswith(".svg"):
        xml.etree.ElementTree.fromstring(text)
    with open(f"{sys.argv[2]}/{name}", "w", encoding="utf-8") as file:
        file.write(text)
