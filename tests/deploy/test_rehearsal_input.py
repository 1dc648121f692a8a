"""cafe-deploy before there is a service: what is wrong or missing is said in
one line, with status 2, and nothing is begun."""
# pylint: disable=redefined-outer-name
import pytest

from rehearsal import refused


@pytest.fixture
def rehearsal(bare):
    bare.restore_files()
    return bare


@pytest.mark.parametrize("words, said", [
    (["deploy", "customer"], "no service customer; first: cafe-deploy service"),
    (["scale", "customer", "2"], "first: cafe-deploy service create customer"),
    (["pipeline", "create", "customer"],
     "first: cafe-deploy service create customer"),
    (["pipeline", "wait", "customer"],
     "first: cafe-deploy pipeline create customer"),
    (["register", "employee"], "first: cafe-deploy push employee"),
    (["service", "create", "employee"],
     "first: cafe-deploy register employee"),
])
def test_too_early(rehearsal, words, said):
    assert said in refused(rehearsal, *words)


SERVICE = "create-customer-microservice-tg-two.json"


@pytest.mark.parametrize("old, new, said", [
    ('"containerName": "customer"', '"containerName": "client"', "client"),
    ('"containerPort": 8080', '"containerPort": 8081', "8081"),
    ("customer-microservice:REVISION-NUMBER", "customer-microservice:7",
     "REVISION-NUMBER"),
    ('"desiredCount": 1', '"desiredCount": -1', "desiredCount"),
    ('"desiredCount": 1', '"desiredCont": 1', "desiredCount"),
    ('"FARGATE"', '"FARGAT"', "FARGAT"),
    ("MICROSERVICE-TG-TWO-ARN", "<WHERE>", "WHERE"),
    ("}\n", "", SERVICE),
])
def test_a_faulty_service(rehearsal, old, new, said):
    file = rehearsal.files / SERVICE
    text = file.read_text()
    place = text.rindex(old)  # the outermost brace, for one
    file.write_text(text[:place] + new + text[place + len(old):])
    line = refused(rehearsal, "service", "create", "customer")
    assert said in line and SERVICE in line, line


@pytest.mark.parametrize("old, new, said", [
    ('"cpu": "256"', '"cpu": "300"', "300 CPU units with 512 MiB"),
    ('"memory": "512"', '"memory": "4096"', "256 CPU units with 4096 MiB"),
    ('"memory": "512"', '"memory": "much"', "memory"),
    ('"name": "customer"', '"name": "client"', "client"),
    ('"image": "<IMAGE1_NAME>"', '"image": "customer"', "<IMAGE1_NAME>"),
    ('"cpu": "256",', '"cpu": "256",,', ":90:18: expected a key"),
    ('"customer-microservice"\n', '"customer-microservice",\n',
     "a comma before the end"),
    ('"cpu": "256"', '"cpu": 256', "256 without quotes"),
    ('"interval": 10', '"interval": 1', "is not a number from 5 to 300"),
    ('"APP_DB_USER"', '"APP_DB_USR"',
     ":12: APP_DB_USR is not an option of the image; did you mean APP_DB_USER?"),
    ('"APP_LOG"', '"APP_WHATEVER"',
     "APP_WHATEVER is not an option of the image; remove it"),
    ('"value": "json"', '"value": "xml"',
     "APP_LOG is refused by the image: 'xml' is not one of"),
])
def test_a_faulty_task_definition(rehearsal, old, new, said):
    file = rehearsal.files / "taskdef-customer.json"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    line = refused(rehearsal, "register", "customer")
    assert said in line and file.name in line, line
    assert not (rehearsal.state /
                "taskdefs/customer-microservice-2.json").exists()


def test_files_that_are_not_there(rehearsal):
    (rehearsal.files / "taskdef-customer.json").unlink()
    assert "taskdef-customer.json" in refused(rehearsal, "register",
                                              "customer")


@pytest.mark.parametrize("address", [
    "", ",", "nonsense", "10.0.0.0/33", "10.0.0.256", "::1/129", "10.0.0.0/",
    "10.0.0.0/8;show env", "10.0.0.0/8,office"])
def test_no_address(rehearsal, address):
    before = rehearsal.ask("show acl /etc/cafe/office.acl").split()[1::2]
    refused(rehearsal, "restrict", address)
    assert rehearsal.ask("show acl /etc/cafe/office.acl").split()[1::2] == \
        before
