"""Ceph of one monitor, one OSD that keeps its objects in a file, and the RADOS gateway, whose dialect of S3 is tried."""

import json
import os
import subprocess
import uuid
from pathlib import Path

from .leftovers import mark
from .ports import free_port
from .s3_server import S3Server
from .waiting import wait_until

OSD_BYTES = 8 * 1024**3  # of a sparse file; Ceph wants some GB of free room to take anything
COMMAND_SECONDS = 60


class CephServer(S3Server):
    name = "ceph"

    def __init__(self, program, folder, port=None):
        """`program`: the folder into which Debian's packages were unpacked."""
        self.root = Path(program)
        self.mon_port = free_port()
        self.cluster = str(uuid.uuid4())
        self.osd = str(uuid.uuid4())
        self.parts = []
        super().__init__(program, folder, port)

    @property
    def keyring(self):
        return self.folder / "keyring"

    @property
    def config(self):
        return self.folder / "ceph.conf"

    def settings(self):
        libraries = [self.root / "usr/lib/x86_64-linux-gnu", self.root / "usr/lib/x86_64-linux-gnu/ceph"]
        libraries.append(self.root / "lib/x86_64-linux-gnu")
        return {
            "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
            "PYTHONPATH": str(self.root / "usr/lib/python3/dist-packages"),
        }

    def command(self):
        return self._daemon("radosgw", "-n", "client.rgw")

    def start(self):
        if not self.config.exists():
            self._make_cluster()
        self.parts = [self._begin(self._daemon("ceph-mon", "-i", "a"))]
        if not (self.data / "osd" / "ready").exists():
            self._make_osd()
        self.parts.append(self._begin(self._daemon("ceph-osd", "-i", "0")))
        wait_until(self._osd_is_up, f"Ceph's OSD to be up; see {self.folder}", COMMAND_SECONDS)
        super().start()

    def is_ready(self):
        return self.status_of("/") == 200

    def set_up(self):
        keys = ["--access-key", self.access_key, "--secret", self.secret_key]
        self.run("radosgw-admin", "user", "create", "--uid", "rayhistory", "--display-name", "rayhistory", *keys)

    def stop(self):
        super().stop()
        for part in reversed(self.parts):
            part.kill()
            part.wait()

    def run(self, program, *arguments):
        return self._output_of([str(self.root / "usr/bin" / program), *arguments, *self._config_of(program)])

    def _config_of(self, program):
        return [] if program in ("monmaptool", "ceph-authtool") else ["-c", str(self.config)]

    def _ceph(self, *arguments):
        """Its command line is a Python program, of Debian's own Python."""
        ceph = str(self.root / "usr/bin/ceph")
        return self._output_of(["/usr/bin/python3", ceph, "-c", str(self.config), *arguments])

    def _output_of(self, command):
        run = subprocess.run(
            command,
            env={**os.environ, **self.settings()},
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if run.returncode != 0:
            raise RuntimeError(f"`{' '.join(command)}` ended with {run.returncode}: {run.stderr}")
        return run.stdout

    def _daemon(self, program, *arguments):
        return [str(self.root / "usr/bin" / program), "-c", str(self.config), "-f", *arguments]

    def _begin(self, command):
        with open(self.log_path, "ab") as log:
            return subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                env={**os.environ, **mark(self.folder), **self.settings()},
            )

    def _make_cluster(self):
        libraries = self.root / "usr/lib/x86_64-linux-gnu"
        self.config.write_text(
            f"""[global]
fsid = {self.cluster}
mon_host = v2:{self.host}:{self.mon_port}
public_addr = {self.host}
keyring = {self.keyring}
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_crush_chooseleaf_type = 0
osd_objectstore = bluestore
bluestore_block_size = {OSD_BYTES}
mon_data = {self.data}/mon
osd_data = {self.data}/osd
mgr_data = {self.data}/mgr
run_dir = {self.folder}
admin_socket =
log_file = {self.folder}/$name.log
osd_class_dir = {libraries}/rados-classes
plugin_dir = {libraries}/ceph
erasure_code_dir = {libraries}/ceph/erasure-code
mon_data_avail_crit = 1
rgw_frontends = beast endpoint={self.endpoint}
rgw_data = {self.data}/rgw
"""
        )
        (self.data / "osd").mkdir()
        (self.data / "rgw").mkdir()
        map_, keyring = str(self.folder / "monmap"), str(self.keyring)
        self.run("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
        caps = [word for part in ("mon", "osd") for word in ("--cap", part, "allow *")]
        for name in ("client.admin", "client.rgw"):
            self.run("ceph-authtool", keyring, "--gen-key", "-n", name, *caps)
        address = f"[v2:{self.host}:{self.mon_port}]"
        self.run("monmaptool", "--create", "--fsid", self.cluster, "--addv", "a", address, map_)
        self.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", map_, "--keyring", keyring)

    def _make_osd(self):
        key = self.run("ceph-authtool", "--gen-print-key").strip()
        secret = self.folder / "osd-key.json"
        secret.write_text(json.dumps({"cephx_secret": key}))
        self._ceph("osd", "new", self.osd, "-i", str(secret))
        self.run("ceph-authtool", str(self.keyring), "-n", "osd.0", "--add-key", key)
        self.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", self.osd)

    def _osd_is_up(self):
        return json.loads(self._ceph("osd", "stat", "--format", "json"))["num_up_osds"] == 1
