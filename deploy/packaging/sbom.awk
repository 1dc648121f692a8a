# Writes the SPDX document of sbom.sh. Reads its list of packages, how each one
# is used, and files from elsewhere; copyright files are read from `folder`.

BEGIN {
    FS = "\t"
    # Names that Debian gives to licences, as SPDX spells them.
    split("Apache-2.0 BSD-2-Clause BSD-3-Clause MIT MPL-2.0 Zlib ISC", same, " ")
    for (i in same)
        spdx[tolower(same[i])] = same[i]
    spdx["expat"] = "MIT"
    spdx["lgpl-2"] = "LGPL-2.0-only"
    spdx["lgpl-2+"] = "LGPL-2.0-or-later"
    spdx["lgpl-2.1"] = "LGPL-2.1-only"
    spdx["lgpl-2.1+"] = "LGPL-2.1-or-later"
    spdx["gpl-1+"] = "GPL-1.0-or-later"
    spdx["gpl-2"] = "GPL-2.0-only"
    spdx["gpl-2+"] = "GPL-2.0-or-later"
    spdx["gpl-3+"] = "GPL-3.0-or-later"
    spdx["cc-by-3.0"] = "CC-BY-3.0"
    spdx["cc-by-sa-4.0"] = "CC-BY-SA-4.0"
    for (i = 1; i < 32; i++)
        control[sprintf("%c", i)] = sprintf("\\u%04x", i)
}

FNR == 1 { list++ }

list == 1 {
    order[++count] = $1
    versions[$1] = $2
    architectures[$1] = $3
    sources[$1] = $4 " " $5
    homes[$1] = $6
}

# "way package file…"; a package may have an architecture behind its name.
list == 2 {
    split($0, words, " ")
    sub(/:.*/, "", words[2])
    way = words[1] " " words[2]
    ways[++uses] = way
    paths = $0
    sub(/^[^ ]* [^ ]* /, "", paths)
    files[words[2]] = files[words[2]] (files[words[2]] ? " " : "") paths
}

list == 3 {
    given[++others] = $1
    sums[others] = $2
    places[others] = $3
}

END {
    print "{"
    text("  ", "spdxVersion", "SPDX-2.3", ",")
    text("  ", "dataLicense", "CC0-1.0", ",")
    text("  ", "SPDXID", "SPDXRef-DOCUMENT", ",")
    text("  ", "name", name "-" version, ",")
    text("  ", "documentNamespace", "https://cafe.invalid/spdx/" \
         escaped(name "-" version) "-" hash, ",")
    print "  \"creationInfo\": {"
    text("    ", "created", date, ",")
    print "    \"creators\": [" quoted("Tool: sbom.sh-" version) "]"
    print "  },"
    print "  \"packages\": ["
    product()
    for (i = 1; i <= count; i++)
        package(order[i])
    for (i = 1; i <= others; i++)
        other(i)
    print "\n  ],"
    licences()
    relationships()
    print "}"
}

function product()
{
    print "    {"
    text("      ", "SPDXID", "SPDXRef-cafe", ",")
    text("      ", "name", name, ",")
    text("      ", "versionInfo", version, ",")
    text("      ", "downloadLocation", "NOASSERTION", ",")
    print "      \"filesAnalyzed\": false,"
    text("      ", "licenseConcluded", "MIT", ",")
    text("      ", "licenseDeclared", "MIT", ",")
    text("      ", "copyrightText", "NOASSERTION", "")
    printf "    }"
}

function package(one)
{
    print ",\n    {"
    text("      ", "SPDXID", id(one), ",")
    text("      ", "name", one, ",")
    text("      ", "versionInfo", versions[one], ",")
    text("      ", "supplier", "Organization: Debian", ",")
    text("      ", "downloadLocation", "NOASSERTION", ",")
    print "      \"filesAnalyzed\": false,"
    if (homes[one] != "")
        text("      ", "homepage", homes[one], ",")
    text("      ", "sourceInfo", "built from " sources[one] "; files: " \
         files[one], ",")
    text("      ", "licenseConcluded", "NOASSERTION", ",")
    text("      ", "licenseDeclared", licence(one), ",")
    text("      ", "copyrightText", "NOASSERTION", ",")
    print "      \"externalRefs\": [{"
    text("        ", "referenceCategory", "PACKAGE-MANAGER", ",")
    text("        ", "referenceType", "purl", ",")
    text("        ", "referenceLocator", "pkg:deb/debian/" escaped(one) "@" \
         escaped(versions[one]) "?arch=" architectures[one] "&distro=" \
         distribution, "")
    print "      }]"
    printf "    }"
}

# Nobody knows more about it than its bytes.
function other(i)
{
    print ",\n    {"
    text("      ", "SPDXID", other_id(i), ",")
    text("      ", "name", given[i], ",")
    text("      ", "versionInfo", "sha256-" sums[i], ",")
    text("      ", "downloadLocation", "NOASSERTION", ",")
    print "      \"filesAnalyzed\": false,"
    print "      \"checksums\": [{"
    text("        ", "algorithm", "SHA256", ",")
    text("        ", "checksumValue", sums[i], "")
    print "      }],"
    text("      ", "sourceInfo", "given to the build; files: " places[i], ",")
    text("      ", "licenseConcluded", "NOASSERTION", ",")
    text("      ", "licenseDeclared", "NOASSERTION", ",")
    text("      ", "copyrightText", "NOASSERTION", "")
    printf "    }"
}

function other_id(i)
{
    return "SPDXRef-given-" i "-" idstring(given[i])
}

# An expression, where the copyright file has names that are all known; else a
# reference to its text. A machine without these files can't tell.
function licence(one,    path, line, whole, names, known, part, got, formal)
{
    path = folder "/" one "/copyright"
    known = 1
    while ((got = (getline line < path)) > 0) {
        if (whole == "" && line ~ /^Format: http/)
            formal = 1
        whole = whole line "\n"
        # A paragraph is about files, or has the text of a licence. What the
        # packaging has of its own is not shipped.
        if (line == "")
            shipped = 0
        else if (line ~ /^Files:/)
            shipped = line !~ /^Files: *debian\/\*$/
        if (line !~ /^License:/ || !shipped)
            continue
        sub(/^License: */, "", line)
        if (line in names)
            continue
        names[line] = 1
        part = expression(line)
        if (part == "")
            known = 0
        else if (index(" AND " all " AND ", " AND " part " AND ") == 0)
            all = all (all == "" ? "" : " AND ") part
    }
    close(path)
    part = all
    all = ""
    shipped = 0
    if (whole == "")
        return "NOASSERTION"
    if (formal && known && part != "")
        return part
    texts[one] = whole
    return "LicenseRef-" idstring(one)
}

# "Artistic or GPL-1+" in SPDX's words; empty if a name is unknown.
function expression(line,    words, number, i, result)
{
    number = split(line, words, " ")
    for (i = 1; i <= number; i++) {
        if (i % 2 == 0) {
            if (words[i] != "or" && words[i] != "and")
                return ""
            result = result " " toupper(words[i]) " "
        } else {
            if (!(tolower(words[i]) in spdx))
                return ""
            result = result spdx[tolower(words[i])]
        }
    }
    if (number % 2 == 0)
        return ""
    return number > 1 ? "(" result ")" : result
}

function licences(    i, comma)
{
    print "  \"hasExtractedLicensingInfos\": ["
    for (i = 1; i <= count; i++) {
        if (!(order[i] in texts))
            continue
        print comma "    {"
        text("      ", "licenseId", "LicenseRef-" idstring(order[i]), ",")
        text("      ", "name", "Copyright file of " order[i], ",")
        text("      ", "extractedText", texts[order[i]], "")
        printf "    }"
        comma = ",\n"
    }
    print "\n  ],"
}

function relationships(    i, words)
{
    print "  \"relationships\": ["
    printf "    {\"spdxElementId\": \"SPDXRef-DOCUMENT\", " \
           "\"relationshipType\": \"DESCRIBES\", " \
           "\"relatedSpdxElement\": \"SPDXRef-cafe\"}"
    for (i = 1; i <= uses; i++) {
        split(ways[i], words, " ")
        printf ",\n    {\"spdxElementId\": \"SPDXRef-cafe\", " \
               "\"relationshipType\": \"%s\", \"relatedSpdxElement\": %s}", \
               words[1], quoted(id(words[2]))
    }
    for (i = 1; i <= others; i++)
        printf ",\n    {\"spdxElementId\": \"SPDXRef-cafe\", " \
               "\"relationshipType\": \"CONTAINS\", " \
               "\"relatedSpdxElement\": %s}", quoted(other_id(i))
    print "\n  ]"
}

function id(one)
{
    return "SPDXRef-deb-" idstring(one)
}

# Letters, digits, dots and minus signs: "libstdc++6" has others.
function idstring(one)
{
    gsub(/\+/, ".plus", one)
    gsub(/[^A-Za-z0-9.-]/, "-", one)
    return one
}

# For a URL.
function escaped(value)
{
    gsub(/%/, "%25", value)
    gsub(/\+/, "%2B", value)
    gsub(/:/, "%3A", value)
    return value
}

function text(indent, key, value, end)
{
    print indent "\"" key "\": " quoted(value) end
}

function quoted(value,    c)
{
    gsub(/\\/, "&&", value)
    gsub(/"/, "\\\"", value)
    for (c in control)
        if (index(value, c))
            value = replaced(value, c, control[c])
    return "\"" value "\""
}

# Not by gsub(): versions of awk read backslashes in its text differently.
function replaced(value, old, new,    parts, count, i, result)
{
    count = split(value, parts, old)
    for (i = 1; i <= count; i++)
        result = result (i > 1 ? new : "") parts[i]
    return result
}
