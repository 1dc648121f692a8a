"""The aws command (version 1) without its start, which costs most of a call.

    PYTHON aws_server.py serve SOCKET      PYTHON is the interpreter of aws
    python3 -I -S aws_server.py call SOCKET WORD...

The server imports the command once and forks for each call. The call hands over
its files, environment and folder, so it reads, writes and ends as aws would.
"""
import contextlib
import gc
import json
import os
import signal
import socket
import sys

SERVICES = ("acm", "cloudformation", "codecommit", "codeconnections", "codestar-connections", "codedeploy",
            "codepipeline", "ec2", "ecr", "ecs", "elbv2", "events", "iam", "logs", "rds", "s3",
            "secretsmanager", "sns", "sts")
KINDS = ("endpoint-rule-set-1", "paginators-1", "waiters-2")
HEAD_BYTES = 8


def make_driver():
    """The command, with what it reads of every service read already."""
    from awscli import clidriver
    from botocore import exceptions
    driver = clidriver.create_clidriver()
    loader = driver.session.get_component("data_loader")
    for name in set(SERVICES) & set(driver.session.get_available_services()):
        driver.session.get_service_model(name)
        for kind in KINDS:
            with contextlib.suppress(exceptions.UnknownServiceError):
                loader.load_service_model(name, kind)
    loader.load_data("endpoints")
    loader.load_data("partitions")
    # A call makes little garbage; to look for it would copy all pages of this.
    gc.disable()
    return driver


def receive(connection, count):
    got = b""
    while len(got) < count:
        part = connection.recv(count - len(got))
        if not part:
            raise EOFError
        got += part
    return got


def answer(connection, driver):
    """In a process of its own: be the command that was called."""
    head, files, _, _ = socket.recv_fds(connection, HEAD_BYTES, 3)
    call = json.loads(receive(connection, int(head)))
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(call["environment"])
    os.chdir(call["folder"])
    status = 255
    try:
        status = driver.main(call["words"])
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(b"%3d" % (status or 0))
    os._exit(0)


def serve(path):
    driver = make_driver()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            answer(connection, driver)
        connection.close()


def call(path, words):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    text = json.dumps({"words": words, "environment": dict(os.environ),
                       "folder": os.getcwd()}).encode()
    socket.send_fds(connection, [b"%08d" % len(text)], [0, 1, 2])
    connection.sendall(text)
    return int(receive(connection, 3))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    sys.exit(call(sys.argv[2], sys.argv[3:]))
