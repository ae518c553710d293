"""Our AWS credentials against botocore's: the same environment, files and stand-in services for both.

Which place wins, what is asked there and what comes of it must all be the same. The stand-in's keys tell the way
they came: whose role, taken by whom. The seed is printed; CREDENTIALS_SEED repeats it.

Needs RAYHISTORY_BIN_DIR, the folder with the program credentials_for_test.
"""

import os
import random
import re
import subprocess
from pathlib import Path

import botocore.exceptions
import botocore.loaders
import botocore.session
import pytest
from aws_stand_in import AwsStandIn

CASES = 120
PROGRAM = Path(os.environ["RAYHISTORY_BIN_DIR"]) / "credentials_for_test"
NEEDED = {"RAY_CLUSTER_NAME": "test", "STORAGE_BACKEND": "s3"}
# Reading the service models is most of what a client of botocore's costs.
LOADER = botocore.loaders.Loader(extra_search_paths=[])


@pytest.fixture(scope="module")
def stand_in():
    server = AwsStandIn()
    yield server
    server.stop()


def ours(environment, *arguments):
    run = subprocess.run(
        [PROGRAM, *arguments], env={**NEEDED, **environment}, capture_output=True, text=True, timeout=30, check=True
    )
    return dict(line.split(" ", 1) for line in run.stdout.splitlines())


def our_keys(environment):
    said = ours(environment)
    return tuple(said["keys"].split(" ")) if "keys" in said else None


def session_of_botocore(monkeypatch, environment):
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    session = botocore.session.Session()
    session.register_component("data_loader", LOADER)
    return session


def keys_of_botocore(monkeypatch, environment):
    try:
        credentials = session_of_botocore(monkeypatch, environment).get_credentials()
        if credentials is None:
            return None
        keys = credentials.get_frozen_credentials()
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
        return None
    return (keys.access_key, keys.secret_key, keys.token or "")


class Case:
    """A random environment, with its files."""

    def __init__(self, rng, folder, stand_in):
        self.rng = rng
        self.folder = folder
        self.stand_in = stand_in
        self.environment = {
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL_STS": stand_in.origin,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": stand_in.origin,
            "AWS_DEFAULT_REGION": rng.choice(["eu-west-1", "cn-north-1", "us-gov-east-1"]),
        }
        self.profiles = ["default", "one", "two words", "three"]
        (folder / ".aws").mkdir()
        (folder / "token").write_text("the-web-identity-token")
        self.fill_environment()
        (folder / ".aws" / "config").write_text(self.config())
        (folder / ".aws" / "credentials").write_text(self.credentials())

    def often(self, share):
        return self.rng.random() < share

    def fill_environment(self):
        env = self.environment
        if self.often(0.1):
            env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"] = "from-environment", "secret"
            if self.often(0.5):
                env["AWS_SESSION_TOKEN"] = "token"
        elif self.often(0.5):
            env["AWS_PROFILE"] = self.rng.choice([*self.profiles, "three", "missing"])
        if self.often(0.3):
            env["AWS_WEB_IDENTITY_TOKEN_FILE"] = str(self.folder / "token")
            if self.often(0.9):
                env["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/of-environment"
            if self.often(0.5):
                env["AWS_ROLE_SESSION_NAME"] = "session"
        if self.often(0.4):
            env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{self.stand_in.origin}/container?id=1"
            if self.often(0.5):
                env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "token-of-environment"
            if self.often(0.5):
                env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(self.folder / "token")
        if self.often(0.3):
            env["AWS_EC2_METADATA_DISABLED"] = self.rng.choice(["true", "True", "false"])

    def config(self):
        text = "# of a test\n"
        for profile in self.profiles:
            if self.often(0.25):
                continue
            name = f'"{profile}"' if " " in profile else profile
            text += "[default]\n" if profile == "default" else f"[profile {name}]\n"
            text += "region = ap-south-1\ns3 =\n  addressing_style = path\n"
            text += self.keys(f"config-{profile}", 0.5)
            if self.often(0.25):
                text += self.role(profile)
            if self.often(0.2):
                text += f"web_identity_token_file = {self.folder}/token\n"
            if self.often(0.25):
                text += f"credential_process = {self.process(profile)}\n"
            text += "\n"
        return text

    def role(self, profile):
        text = f"role_arn = arn:aws:iam::1:role/of-{profile.replace(' ', '-')}\n"
        if self.often(0.7):
            text += f"source_profile = {self.rng.choice([*self.profiles, 'nobody'])}\n"
        if self.often(0.3):
            source = self.rng.choice(["Environment", "EcsContainer", "Ec2InstanceMetadata", "Moon"])
            text += f"credential_source = {source}\n"
        if self.often(0.3):
            text += "external_id = an external/id+\n"
        if self.often(0.3):
            text += "role_session_name = of-profile\n"
        if self.often(0.3):
            text += "duration_seconds = 1800\n"
        return text

    def keys(self, name, share):
        if not self.often(share):
            return ""
        text = f"aws_access_key_id = {name.replace(' ', '-')}\n"
        if self.often(0.9):
            text += "AWS_Secret_Access_Key= secret=/+#1\n"
        if self.often(0.3):
            text += f"{self.rng.choice(['aws_session_token', 'aws_security_token'])} = token\n"
        return text

    def process(self, profile):
        path = self.folder / f"process of {profile}"
        answer = f'{{"Version": 1, "AccessKeyId": "process-{profile.replace(" ", "-")}-$1", "SecretAccessKey": "s"}}'
        escaped = answer.replace('"', '\\"')
        status = self.rng.choice([0, 0, 0, 1])
        path.write_text(f'#!/bin/sh\necho "{escaped}"\nexit {status}\n')
        path.chmod(0o755)
        return f'"{path}" $HOME'

    def credentials(self):
        text = ""
        for profile in self.profiles:
            if self.often(0.3):
                text += f"[{profile}]\n{self.keys(f'credentials-{profile}', 0.8)}\n"
        return text


@pytest.fixture(scope="module")
def seed():
    chosen = int(os.environ.get("CREDENTIALS_SEED", random.randrange(2**32)))
    print(f"CREDENTIALS_SEED={chosen}")
    return chosen


def describe(case):
    files = {path.name: path.read_text() for path in sorted((case.folder / ".aws").iterdir())}
    return f"{case.environment}\n" + "\n".join(f"--- {name}\n{text}" for name, text in files.items())


def test_the_same_place_wins_and_is_asked_the_same(seed, stand_in, tmp_path, monkeypatch):
    winners = {}
    for number in range(CASES):
        folder = tmp_path / str(number)
        folder.mkdir()
        # Half of them are always the same, so that what must have been met does not hang on luck.
        case = Case(random.Random(f"{seed if number % 2 else 'always'} {number}"), folder, stand_in)
        expected = keys_of_botocore(monkeypatch, case.environment)
        asked_by_botocore = stand_in.take_requests()
        found = our_keys(case.environment)
        asked_by_us = stand_in.take_requests()
        which = f"case {number} of CREDENTIALS_SEED={seed}\n{describe(case)}"
        assert found == expected, which
        if expected is not None:
            assert asked_by_us == asked_by_botocore, which
        kind = re.split(r"[-(]", expected[0])[0] if expected else "none"
        winners[kind] = winners.get(kind, 0) + 1
    # Or the cases would have shown little.
    assert {"none", "from", "role", "config", "credentials", "process", "container", "instance"} <= set(winners), winners


REGIONS = [
    "us-east-1", "us-east-2", "us-west-1", "eu-west-1", "eu-central-1", "eu-south-1", "ap-southeast-2", "ap-east-1",
    "ca-central-1", "me-south-1", "cn-north-1", "cn-northwest-1", "us-gov-west-1", "us-gov-east-1", "us-iso-east-1",
    "us-isob-east-1", "us-isof-south-1", "eu-isoe-west-1", "eusc-de-east-1", "aws-global",
]  # fmt: skip


class Caught(Exception):
    pass


@pytest.mark.parametrize("mode", [None, "regional", "legacy"])
def test_the_token_service_is_where_botocore_has_it(mode, tmp_path, monkeypatch):
    def catch(request, **_):
        raise Caught(request.url)

    for region in REGIONS:
        environment = {
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": region,
            **({"AWS_STS_REGIONAL_ENDPOINTS": mode} if mode else {}),
        }
        client = session_of_botocore(monkeypatch, environment).create_client("sts")
        client.meta.events.register("before-send.sts", catch)
        with pytest.raises(Caught) as caught:
            client.get_caller_identity()
        said = ours(
            {
                "AWS_WEB_IDENTITY_TOKEN_FILE": "/t",
                "AWS_ROLE_ARN": "r",
                "AWS_REGION": region,
                **({"AWS_STS_REGIONAL_ENDPOINTS": mode} if mode else {}),
            },
            "--origin",
        )
        assert said["origin"] == f"role r for the web identity in /t, from {str(caught.value).rstrip('/')}"
