"""deploy/packaging/sbom.sh: the bill of materials of what was built."""
import copy
import json
import os
import re
import subprocess

import pytest

import harness
import spdx

SCRIPT = harness.ROOT / "deploy/packaging/sbom.sh"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PROGRAMS = "customer", "employee", "cafe-deploy"


def sbom(text, **env):
    done = subprocess.run(
        [SCRIPT, "cafe", "1.2+x:~3"], input=text, text=True, check=False,
        capture_output=True, env={**os.environ, **env})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_has_what_the_linker_has(name):
    program = harness.BIN / name
    document = sbom(f"linked {program}\n")
    assert spdx.faults(document) == []
    linked = spdx.related(document, "DEPENDS_ON")
    assert ("libc6", ) in {pair[:1] for pair in linked}
    assert linked == spdx.linked_packages(program)
    assert not spdx.related(document, "CONTAINS")


def test_what_is_copied():
    document = sbom(f"copied {CERTIFICATES}\ncopied /bin/bash\n")
    assert spdx.faults(document) == []
    assert {name for name, _ in spdx.related(document, "CONTAINS")} == {
        "bash", "ca-certificates"}


def test_licences(tmp_path):
    """Known names become SPDX's; what is not known stays as it is written."""
    texts = {
        "libc6": "No \"format\",\n\tfree\\\x01 — really.\n",
        "bash": "Format: https://www.debian.org/x\n\nFiles: *\n"
                "License: GPL-2+ or MPL-2.0\n\nFiles: x\nLicense: Expat\n\n"
                "Files: debian/*\nLicense: weird\n\nLicense: other\n",
        "ca-certificates": "Format: http://x\n\nFiles: *\nLicense: MPL-2.0\n\n"
                           "Files: y\nLicense: weird-1\n"}
    for name, text in texts.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "copyright").write_text(text)
    libc = re.search(r"/\S*/libc\.so\.6", subprocess.run(
        ["ldd", "/bin/bash"], text=True, check=True,
        capture_output=True).stdout)[0]
    document = sbom(f"copied {libc}\ncopied {CERTIFICATES}\n"
                    "copied /bin/bash\ncopied /bin/sed\n",
                    CAFE_COPYRIGHTS=str(tmp_path), SOURCE_DATE_EPOCH="86400")
    assert spdx.faults(document) == []
    declared = {one["name"]: one["licenseDeclared"]
                for one in document["packages"]}
    assert declared == {
        "cafe": "MIT", "bash": "(GPL-2.0-or-later OR MPL-2.0) AND MIT",
        "libc6": "LicenseRef-libc6", "sed": "NOASSERTION",
        "ca-certificates": "LicenseRef-ca-certificates"}
    written = {one["licenseId"]: one["extractedText"]
               for one in document["hasExtractedLicensingInfos"]}
    assert written == {f"LicenseRef-{name}": texts[name]
                       for name in ("libc6", "ca-certificates")}
    assert document["creationInfo"]["created"] == "1970-01-02T00:00:00Z"


def test_it_is_the_same_each_time():
    text = f"linked {harness.BIN}/customer\n"
    assert sbom(text) == sbom(text)
    assert sbom(text)["documentNamespace"] != \
        sbom("copied /bin/bash\n")["documentNamespace"]


def test_a_file_of_no_package(tmp_path):
    stray = tmp_path / "stray"
    stray.write_text("x")
    done = subprocess.run([SCRIPT, "cafe", "1"], input=f"copied {stray}\n",
                          text=True, check=False, capture_output=True)
    assert done.returncode and not done.stdout
    assert done.stderr == f"sbom.sh: no package of Debian has {stray}\n"


def put(path, value):
    """A change of one value; None removes it."""
    def change(document):
        *folders, last = path
        for folder in folders:
            document = document[folder]
        if value is None:
            del document[last]
        else:
            document[last] = value
    return change


@pytest.mark.parametrize("change, said", [
    (put(["spdxVersion"], "SPDX-2.2"), "spdxVersion"),
    (put(["creationInfo", "created"], "today"), "created"),
    (put(["documentNamespace"], "https://x#y"), "documentNamespace"),
    (put(["relationships"], None), "keys of the document"),
    (put(["packages", 1, "SPDXID"], "SPDXRef-libstdc++6"), "SPDXID"),
    (put(["packages", 1, "SPDXID"], "SPDXRef-cafe"), "twice"),
    (put(["packages", 1, "versionInfo"], None), "keys"),
    (put(["packages", 1, "filesAnalyzed"], True), "analysed"),
    (put(["packages", 1, "licenseDeclared"], "Expat"), "licenseDeclared"),
    (put(["packages", 1, "licenseDeclared"], "MIT and ISC"), "Declared"),
    (put(["packages", 1, "licenseDeclared"], "LicenseRef-none"), "alone"),
    (put(["packages", 1, "externalRefs", 0, "referenceLocator"], "bash"),
     "externalRefs"),
    (put(["relationships", 1, "relatedSpdxElement"], "SPDXRef-none"),
     "relationship"),
    (put(["relationships", 0, "relationshipType"], "CONTAINS"), "describe"),
])
def test_each_fault_is_seen(change, said):
    document = copy.deepcopy(sbom("copied /bin/bash\n"))
    assert spdx.faults(document) == []
    change(document)
    assert [fault for fault in spdx.faults(document) if said in fault]
