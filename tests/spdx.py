"""The rules of SPDX 2.3 for documents in JSON, as far as ours use it: see the
chapters "Document creation", "Package", "Other licensing" and "Relationship"."""
import datetime
import os
import re
import subprocess

ID = re.compile(r"SPDXRef-[A-Za-z0-9.-]+")
REFERENCE = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")
# Of SPDX's list of licences, those that sbom.awk may write.
LICENCES = {
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-3.0", "CC-BY-SA-4.0",
    "GPL-1.0-or-later", "GPL-2.0-only", "GPL-2.0-or-later",
    "GPL-3.0-or-later", "ISC", "LGPL-2.0-only", "LGPL-2.0-or-later",
    "LGPL-2.1-only", "LGPL-2.1-or-later", "MIT", "MPL-2.0", "Zlib"}
PURL = re.compile(r"pkg:deb/debian/[a-zA-F0-9%.-]+@[A-Za-z0-9%.~-]+"
                  r"\?arch=[a-z0-9-]+&distro=[a-z]+-[a-z0-9.]+")
DOCUMENT = {"spdxVersion", "dataLicense", "SPDXID", "name",
            "documentNamespace", "creationInfo", "packages",
            "hasExtractedLicensingInfos", "relationships"}
PACKAGE = {"SPDXID", "name", "versionInfo", "downloadLocation",
           "filesAnalyzed", "licenseConcluded", "licenseDeclared",
           "copyrightText"}
MORE = {"supplier", "homepage", "sourceInfo", "externalRefs", "checksums"}
TYPES = {"DESCRIBES", "CONTAINS", "DEPENDS_ON"}


def faults(document):
    """What is wrong with a document; nothing if it is valid."""
    if set(document) != DOCUMENT:
        return [f"keys of the document: {set(document) ^ DOCUMENT}"]
    return [*in_head(document), *in_packages(document["packages"]),
            *in_licences(document), *in_relationships(document)]


def in_head(document):
    for key, value in (("spdxVersion", "SPDX-2.3"),
                       ("dataLicense", "CC0-1.0"),
                       ("SPDXID", "SPDXRef-DOCUMENT")):
        if document[key] != value:
            yield f"{key} is not {value}"
    if not re.fullmatch(r"[a-z]+://[^\s#]+", document["documentNamespace"]):
        yield "documentNamespace is no URI without fragment"
    info = document["creationInfo"]
    try:
        datetime.datetime.strptime(info["created"], "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        yield "created is no time of UTC"
    if not info["creators"] or not all(
            re.fullmatch(r"(Person|Organization|Tool): \S.*", one)
            for one in info["creators"]):
        yield "creators name no person, organization or tool"


def in_packages(packages):
    ids = [package.get("SPDXID") for package in packages]
    if len(ids) != len(set(ids)):
        yield "an SPDXID stands twice"
    for package in packages:
        name = package.get("name")
        if not PACKAGE <= set(package) <= PACKAGE | MORE:
            yield f"{name}: keys {set(package) - MORE ^ PACKAGE}"
            continue
        if not ID.fullmatch(package["SPDXID"]):
            yield f"{name}: SPDXID"
        if package["filesAnalyzed"] is not False:
            yield f"{name}: files were analysed, but there are none"
        if not re.match(r"NOASSERTION$|https?://",
                        package["downloadLocation"]):
            yield f"{name}: downloadLocation"
        if not package["versionInfo"]:
            yield f"{name}: no version"
        for checksum in package.get("checksums", []):
            if checksum["algorithm"] != "SHA256" or not re.fullmatch(
                    "[0-9a-f]{64}", checksum["checksumValue"]):
                yield f"{name}: checksums"
        for reference in package.get("externalRefs", []):
            if reference["referenceCategory"] != "PACKAGE-MANAGER" or \
                    reference["referenceType"] != "purl" or \
                    not PURL.fullmatch(reference["referenceLocator"]):
                yield f"{name}: externalRefs"


def in_licences(document):
    defined = [info["licenseId"]
               for info in document["hasExtractedLicensingInfos"]]
    used = set()
    for info in document["hasExtractedLicensingInfos"]:
        if not REFERENCE.fullmatch(info["licenseId"]) or \
                not info["extractedText"].strip():
            yield f"{info['licenseId']}: no text, or no name of a licence"
    for package in document["packages"]:
        for key in "licenseDeclared", "licenseConcluded":
            words, fault = words_of(package[key])
            used |= {word for word in words if word.startswith("LicenseRef-")}
            if fault:
                yield f"{package['name']}: {key} {package[key]}"
    if sorted(defined) != sorted(used):
        yield f"licences that are used or defined alone: {set(defined) ^ used}"


def words_of(expression):
    """The licences in an expression, and whether it is wrong."""
    if expression in ("NOASSERTION", "NONE"):
        return [], False
    words = re.split(r" (?:AND|OR) ", re.sub(r"[()]", "", expression))
    plain = re.fullmatch(
        r"(?:[^\s()]+|\([^\s()]+(?: (?:AND|OR) [^\s()]+)+\))"
        r"(?: AND (?:[^\s()]+|\([^\s()]+(?: (?:AND|OR) [^\s()]+)+\)))*",
        expression)
    return words, not plain or not all(
        word in LICENCES or REFERENCE.fullmatch(word) for word in words)


def in_relationships(document):
    ids = {"SPDXRef-DOCUMENT",
           *(package.get("SPDXID") for package in document["packages"])}
    described, reached = 0, set()
    for one in document["relationships"]:
        ends = {one["spdxElementId"], one["relatedSpdxElement"]}
        if one["relationshipType"] not in TYPES or not ends <= ids:
            yield f"relationship {one}"
        described += one["relationshipType"] == "DESCRIBES"
        reached.add(one["relatedSpdxElement"])
    if described != 1:
        yield "it does not describe one package"
    if ids - reached != {"SPDXRef-DOCUMENT"}:
        yield f"packages without use: {ids - reached}"


def related(document, kind):
    """Name and version of each package with such a relationship."""
    packages = {one["SPDXID"]: (one["name"], one["versionInfo"])
                for one in document["packages"]}
    return {packages[one["relatedSpdxElement"]]
            for one in document["relationships"]
            if one["relationshipType"] == kind}


def linked_packages(program):
    """What it is linked with, by the linker and by the packages' own lists
    of files, which the script does not read."""
    said = subprocess.run(["ldd", program], text=True, check=True,
                          capture_output=True).stdout
    files = {os.path.basename(path) for path in
             re.findall(r"(?:=> |^\t)(/\S+) \(", said, re.M)}
    found = set()
    for package in subprocess.run(
            ["dpkg-query", "--show", "--showformat",
             "${binary:Package} ${Package} ${Version}\n"],
            text=True, check=True, capture_output=True).stdout.splitlines():
        binary, *known = package.split()
        if len(known) == 2 and files & libraries(binary):
            found.add(tuple(known))
    return found


def libraries(package):
    """The names of shared libraries that a package has put where the linker
    looks."""
    try:
        with open(f"/var/lib/dpkg/info/{package}.list",
                  encoding="utf-8") as listed:
            paths = listed.read().split()
    except FileNotFoundError:
        return set()
    return {os.path.basename(path) for path in paths
            if re.match(r"(/usr)?/lib(64|/[a-z0-9_]+-linux-gnu)?/[^/]+$", path)}
