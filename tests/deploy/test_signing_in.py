"""The task of employee with --oidc; a defect of each part is seen."""
import functools

import signing_in
from defects import inside, make_tests


def daemon(**changes):
    return inside(lambda it: it.container, **changes)


def fetcher(**changes):
    return inside(lambda it: it.fetcher, **changes)


def variable(get, name, value):
    return lambda it: next(row for row in get(it)["environment"]
                           if row["name"] == name).update(value=value)


def of_daemon(name, value):
    return variable(lambda it: it.container, name, value)


def of_fetcher(name, value):
    return variable(lambda it: it.fetcher, name, value)


DEFECTS = [
    ("daemon_is_as_before", daemon(user="0:0"), "user is '0:0'"),
    ("daemon_is_as_before", of_daemon("APP_IDENTITY_KEYS", "/nowhere"),
     "/nowhere"),

    ("daemon_takes_names", of_daemon("APP_IDENTITY_HEADER", "x-user"),
     "APP_IDENTITY_HEADER is"),
    ("daemon_takes_names", of_daemon("APP_IDENTITY_WANTED", "/tmp/wanted"),
     "APP_IDENTITY_WANTED is"),

    ("fetcher_stands_beside", fetcher(essential=False), "essential is"),
    ("fetcher_stands_beside", lambda it: it.container.pop("dependsOn"),
     "what the daemon waits for"),
    ("fetcher_stands_beside", fetcher(healthCheck={"command": ["CMD", "true"]}),
     "what health is"),
    ("fetcher_stands_beside",
     lambda it: it.taskdef["containerDefinitions"].reverse(),
     "the containers is"),

    ("volume_is_shared", lambda it: it.taskdef["volumes"][0].update(
        host={"sourcePath": "/"}), "the volumes is"),
    ("volume_is_shared", fetcher(mountPoints=[]), "the fetcher's volume"),
    ("volume_is_shared", daemon(mountPoints=[signing_in.MOUNT]),
     "the daemon's volume"),

    ("fetcher_is_confined", fetcher(secrets=[
        {"name": "APP_DB_PASSWORD", "valueFrom": "<DB-SECRET-ARN>"}]),
     "the fetcher's secrets"),
    ("fetcher_is_confined", fetcher(readonlyRootFilesystem=False),
     "readonlyRootFilesystem"),
    ("fetcher_is_confined", fetcher(linuxParameters={
        "initProcessEnabled": True}), "capabilities"),
    ("fetcher_is_confined", fetcher(portMappings=[{"containerPort": 80}]),
     "the fetcher's ports"),

    ("fetcher_runs_the_script", of_fetcher("SCRIPT", "Y3VybA=="),
     "not fetch-keys.sh"),
    ("fetcher_runs_the_script", of_fetcher("KEYS_URL", "http://keys.example"),
     "the fetcher's environment"),
]


@functools.cache
def loaded():
    return signing_in.SignIn()


test_the_task_keeps, test_a_defect_is_seen, test_each_check_has_a_defect = (
    make_tests(signing_in, DEFECTS, loaded))
