#!/bin/bash
# The tutorial's phases on AWS, one at a time, and all of it taken down again.
# Safe to run again: what already exists stays. Nothing is written into the
# sources; placeholders are filled in copies. PHASES.md says what each phase is.
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

usage() {
    cat <<'TEXT'
usage: deploy/aws/apply.sh [--dry-run] [OPTION...] PHASE
       deploy/aws/apply.sh [--dry-run] migrate
       deploy/aws/apply.sh [--dry-run] [--yes] destroy

PHASE is a number from 1 to 8 (see deploy/PHASES.md). migrate prepares the
database for the newest image of employee, as phase 6 does the first time.

    --dry-run       show what would be done, without changing anything
    --office CIDR   the network that may edit suppliers, for example
                    192.0.2.0/24; up to three times. Only for phase 4, other
                    phases reuse it
    --certificate ARN
                    HTTPS with this certificate of AWS Certificate Manager;
                    only for phase 5, other phases reuse it
    --yes           destroy without asking for confirmation
TEXT
}

# The region stands in the task definitions, too.
export AWS_PAGER="" AWS_DEFAULT_REGION=us-east-1 AWS_REGION=us-east-1
cluster=microservices-serverlesscluster
services="customer employee"
dry=
yes=
office=
certificate=

# shellcheck source=deploy/aws/helpers.sh
. "$here/helpers.sh"
# shellcheck source=deploy/aws/phases.sh
. "$here/phases.sh"
# shellcheck source=deploy/aws/destroy.sh
. "$here/destroy.sh"

# A range of IPv4 addresses that is not everybody. A rule of a load balancer
# has up to five values, and the paths of /admin are two.
add_office() {
    local byte='(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
    [[ $1 =~ ^($byte\.){3}$byte/([1-9]|[12][0-9]|3[0-2])$ ]] ||
        fail "--office: '$1' is not a range like 192.0.2.0/24"
    office=${office:+$office,}$1
    [[ $office != *,*,*,* ]] || fail "--office: at most three ranges," \
        "because a rule of the load balancer takes no more"
}

check_certificate() {
    [[ $certificate =~ ^arn:aws:acm:$AWS_REGION:[0-9]{12}:certificate/[0-9a-f-]+$ ]] ||
        fail "--certificate: '$certificate' is not a certificate of AWS" \
            "Certificate Manager in $AWS_REGION, like" \
            "arn:aws:acm:$AWS_REGION:123456789012:certificate/0123abcd"
}

phase=
while [ $# -gt 0 ]; do
    case $1 in
    --dry-run) dry=yes ;;
    --yes) yes=yes ;;
    --office)
        add_office "${2:-}"
        shift
        ;;
    --certificate)
        certificate=${2:-}
        check_certificate
        shift
        ;;
    -h | --help)
        usage
        exit 0
        ;;
    -*) fail "unknown option $1; see deploy/aws/apply.sh --help" ;;
    *)
        [ -z "$phase" ] || fail "one phase at a time, please"
        phase=$1
        ;;
    esac
    shift
done
[ -z "$office" ] || [ "$phase" = 4 ] ||
    fail "--office is only for phase 4; other phases reuse its value: run" \
        "deploy/aws/apply.sh --office ${office//,/ --office } 4 first"
[ -z "$certificate" ] || [ "$phase" = 5 ] ||
    fail "--certificate is only for phase 5; other phases reuse its value"
case $phase in
1 | 2 | 3 | 4 | 5 | 6 | 7 | 8) phase=phase_$phase ;;
migrate | destroy) ;;
"") fail "which phase, 1 to 8? See deploy/aws/apply.sh --help" ;;
*) fail "there is no phase $phase; use 1 to 8, migrate or destroy" ;;
esac
if [ "$phase" = phase_1 ]; then
    phase_1
    exit
fi

command -v aws >/dev/null ||
    fail "the aws command is missing: install the AWS CLI (package awscli)"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
account=$(aws sts get-caller-identity --query Account --output text \
    2>"$folder/error") ||
    fail "AWS refuses your credentials ($(tail -n 1 "$folder/error")): run" \
        "aws configure, or set AWS_PROFILE"
if [ "$phase" = migrate ]; then
    need 3
    need 4
fi
$phase
