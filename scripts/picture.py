#!/usr/bin/env python3
"""`make picture`: draws docs/grafana-dashboard.png, the Grafana dashboard's panels with the metrics of a real run.

A real Ray with a collector beside it runs small jobs and stores in a real MinIO, which is away for a while. A real
Prometheus scrapes the collector and answers the dashboard's own queries; each panel is drawn at the place and with the
title, unit, legend and thresholds that the dashboard's JSON gives it. Grafana itself has no part in it: it comes in no
package that this project uses.
"""

import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.dates
import matplotlib.pyplot as plt
from live.grafana_dashboard import panels
from live.leftovers import end_marked_processes, mark
from live.minio_server import MinioServer
from live.ports import accepts_connections, free_port
from live.prometheus_server import PrometheusServer
from live.ray_head import RayHead
from live.waiting import wait_until

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "grafana-dashboard.png"
JOB = ROOT / "examples" / "job.py"

RUN_SECONDS = 240
OUTAGE_SECONDS = (90, 140)
SCRAPE_SECONDS = 2

# matplotlib's dates are days.
SECONDS_A_DAY = 86400

COLUMNS = 24
COLUMN_INCHES = 0.7
LINE_INCHES = 0.32
GAP_INCHES = 0.12
COLOURS = {"green": "#56a64b", "orange": "#ff9830", "yellow": "#f2cc0c", "red": "#e02f44"}


def say(text):
    print(f"picture: {text}", flush=True)


def start_collector(folder, ray, events_port, metrics_port, store_environment):
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
        **mark(folder),
        "RAY_ROLE": "Head",
        "RAY_CLUSTER_NAME": "example",
        "RAY_TMP_ROOT": str(ray.root),
        "RAY_DASHBOARD_ADDRESS": f"http://127.0.0.1:{ray.dashboard_port}",
        "RAY_COLLECTOR_EVENT_DATA_DIR": str(folder / "event-data"),
        "RAY_COLLECTOR_POLL_INTERVAL": "10s",
        "EVENTS_PORT": str(events_port),
        "METRICS_PORT": str(metrics_port),
        "PUSH_INTERVAL": "10s",
        **store_environment,
    }
    with open(folder / "collector.log", "wb") as log:
        process = subprocess.Popen(
            [ROOT / "build/bin/collector"], stdout=log, stderr=log, env=environment, start_new_session=True
        )
    wait_until(lambda: accepts_connections(metrics_port), f"the collector; see {folder}/collector.log", 10)
    return process


def run_jobs(ray, minio, begun):
    """One job after the other, and the store's outage amid them."""
    is_away = False
    while (passed := time.monotonic() - begun) < RUN_SECONDS:
        should_be_away = OUTAGE_SECONDS[0] <= passed < OUTAGE_SECONDS[1]
        if should_be_away != is_away:
            is_away = should_be_away
            say("MinIO is stopped" if is_away else "MinIO is started again")
            if is_away:
                minio.stop()
            else:
                MinioServer(os.environ["RAYHISTORY_MINIO"], minio.folder, port=minio.port)
        ray.run_job(JOB)


def measure(folder):
    """Runs everything. What each panel is to show, pairs of a panel and its series by legend; from when to when."""
    events_port, metrics_port = free_port(), free_port()
    say("starting MinIO, Ray, the collector, Prometheus")
    minio = MinioServer(os.environ["RAYHISTORY_MINIO"], folder / "minio")
    ray = RayHead(os.environ["RAYHISTORY_RAY"], folder / "ray.log", events_port)
    try:
        start_collector(folder, ray, events_port, metrics_port, minio.collector_environment("example"))
        prometheus = PrometheusServer(
            os.environ["RAYHISTORY_PROMETHEUS"],
            folder / "prometheus",
            {"ray-history-collector": {"example-head": metrics_port}},
            SCRAPE_SECONDS,
        )
        ray.wait_until_ready()
        say(f"running jobs for {RUN_SECONDS} s")
        start = time.time()
        run_jobs(ray, minio, time.monotonic())
        end = time.time()
        return [(panel, series_of(prometheus, panel, start, end)) for panel in panels()], start, end
    finally:
        ray.kill()
        end_marked_processes(folder)
        for part in ("minio", "prometheus"):
            end_marked_processes(folder / part)


def series_of(prometheus, panel, start, end):
    found = {}
    for query, legend in panel.queries(SCRAPE_SECONDS):
        if panel.kind == "stat":
            series = [{**sample, "values": [sample["value"]]} for sample in prometheus.query(query)]
        else:
            series = prometheus.query_range(query, start, end, SCRAPE_SECONDS)
        for one in series:
            name = legend
            for label, value in one["metric"].items():
                name = name.replace("{{" + label + "}}", value)
            found[name] = [(float(moment), float(value)) for moment, value in one["values"]]
    return found


def with_unit(value, unit):
    if math.isnan(value):
        return "–"
    if unit in ("bytes", "Bps"):
        suffix = "/s" if unit == "Bps" else ""
        for name in ("B", "KiB", "MiB"):
            if abs(value) < 1024:
                return f"{value:.3g} {name}{suffix}"
            value /= 1024
        return f"{value:.3g} GiB{suffix}"
    if unit == "s":
        if value == 0:
            return "0 s"
        return f"{value * 1000:.3g} ms" if abs(value) < 1 else f"{value:.3g} s"
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    return f"{value:.4g}" + ("/s" if unit == "ops" else "")


def draw(shown, start, end, path):
    lines = max(panel.place["y"] + panel.place["h"] for panel, _ in shown)
    width, height = COLUMNS * COLUMN_INCHES, lines * LINE_INCHES
    plt.rcParams.update({"font.size": 8, "axes.titlesize": 9, "axes.titleweight": "bold"})
    figure = plt.figure(figsize=(width, height), facecolor="#f4f5f5")
    for panel, series in shown:
        place = panel.place
        left = place["x"] * COLUMN_INCHES + GAP_INCHES / 2
        bottom = height - (place["y"] + place["h"]) * LINE_INCHES + GAP_INCHES / 2
        size = (place["w"] * COLUMN_INCHES - GAP_INCHES, place["h"] * LINE_INCHES - GAP_INCHES)
        if panel.kind == "row":
            figure.text(left / width, (bottom + size[1] / 3) / height, "▾ " + panel.title, weight="bold", size=10)
            continue
        frame = figure.add_axes((left / width, bottom / height, size[0] / width, size[1] / height))
        frame.set(xticks=[], yticks=[])
        for side in frame.spines.values():
            side.set_color("#d8d9da")
        frame.text(0.02, 1 - 0.08 / size[1], panel.title, transform=frame.transAxes, va="top", weight="bold", size=9)
        if panel.kind == "stat":
            draw_stat(frame, panel, series)
        else:
            # Room for the title, the legend and the figures at the axes.
            axes = figure.add_axes(
                (
                    (left + 0.7) / width,
                    (bottom + 0.62) / height,
                    (size[0] - 0.85) / width,
                    (size[1] - 0.95) / height,
                )
            )
            draw_lines(axes, panel, series, start, end)
    figure.savefig(path, dpi=90, facecolor=figure.get_facecolor())


def draw_stat(frame, panel, series):
    value = next(iter(series.values()))[-1][1] if series else math.nan
    colour = "green"
    for step in panel.thresholds:
        if step["value"] is None or value >= step["value"]:
            colour = step["color"]
    frame.text(
        *(0.5, 0.42, with_unit(value, panel.unit)),
        transform=frame.transAxes,
        ha="center",
        va="center",
        size=22,
        color=COLOURS.get(colour, colour),
    )


def draw_lines(axes, panel, series, start, end):
    for name, points in sorted(series.items()):
        days = [moment / SECONDS_A_DAY for moment, _ in points]
        axes.plot(days, [value for _, value in points], linewidth=1.2, label=name)
    axes.set_xlim(start / SECONDS_A_DAY, end / SECONDS_A_DAY)
    axes.xaxis.set_major_formatter(matplotlib.dates.DateFormatter("%H:%M:%S"))
    axes.xaxis.set_major_locator(plt.MaxNLocator(4))
    axes.yaxis.set_major_locator(plt.MaxNLocator(4))
    axes.yaxis.set_major_formatter(lambda value, _: with_unit(value, panel.unit))
    axes.set_ylim(bottom=0)
    axes.grid(color="#e8e8e8")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if series:
        axes.legend(loc="upper left", bbox_to_anchor=(-0.05, -0.17), ncols=5, frameon=False, fontsize=6)
    else:
        axes.text(0.5, 0.5, "No data", transform=axes.transAxes, ha="center", va="center", color="grey")


def main():
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    with tempfile.TemporaryDirectory(prefix="rayhistory-picture-") as folder:
        shown, start, end = measure(Path(folder))
    draw(shown, start, end, target)
    say(f"{target} is drawn")


if __name__ == "__main__":
    main()
