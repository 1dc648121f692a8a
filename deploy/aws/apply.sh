#!/usr/bin/env bash
# The tutorial's phases on AWS, one at a time, and all of it taken down again.
# Safe to run again: what already exists stays. Nothing is written into the
# sources; placeholders are filled in copies. PHASES.md says what each phase is.
set -euo pipefail
oldest=404 # inherit_errexit came with 4.4; macOS has 3.2
if [ $((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1])) -lt $oldest ]; then
    echo "apply.sh: bash $BASH_VERSION is too old, 4.4 is needed: install a" \
        "newer one (on macOS: brew install bash) and put it first in PATH" >&2
    exit 1
fi
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
    --region REGION where all this is, us-east-1 unless told otherwise; for
                    each phase
    --yes           destroy without asking for confirmation

Each of these is for one phase; later runs and other phases reuse its value:

    --multi-az yes|no    3: a second database and NAT gateway, for the loss of
                         a zone
    --protect yes|no     3: the database can't be deleted
    --office CIDR        4: the network that may edit suppliers, for example
                         192.0.2.0/24; up to three times
    --architecture x86_64|arm64
                         4: what the images are built for and run on
    --database-tls verify|require
                         4: whether the daemons check the database's
                         certificate; verify unless told otherwise
    --controller codedeploy|ecs
                         4: who changes from blue to green, CodeDeploy unless
                         told otherwise, or ECS itself
    --source codecommit|github
                         4: where the deployment repository is; codecommit
                         unless told otherwise. github needs the next two
    --connection ARN     4: the connection to GitHub, of AWS CodeConnections
    --repository OWNER/NAME
                         4: the repository on GitHub, for these files only
    --branch NAME        4: its branch, dev unless told otherwise
    --certificate ARN    5: HTTPS, with this certificate of AWS Certificate
                         Manager
    --oidc FILE|none     5: people sign in at the load balancer, with the OpenID
                         provider that the file names; needs HTTPS
    --tasks N            6: so many tasks a service, in different zones
    --mail ADDRESS       7: whom alarms tell
    --most-tasks N       8: up to so many tasks a service, by requests
TEXT
}

export AWS_PAGER="" AWS_CLI_AUTO_PROMPT=off
region=us-east-1
cluster=microservices-serverlesscluster
services="customer employee"
dry=
yes=
office=
certificate=
oidc=
sign_in=
architecture=
database_tls=
mail=
multi_az=
protect=
tasks=
most_tasks=
controller=
source=
connection=
repository=
branch=
meanwhile=

# shellcheck source=deploy/aws/helpers.sh
. "$here/helpers.sh"
# shellcheck source=deploy/aws/ecs.sh
. "$here/ecs.sh"
# shellcheck source=deploy/aws/sign-in.sh
. "$here/sign-in.sh"
# shellcheck source=deploy/aws/phases.sh
. "$here/phases.sh"
# shellcheck source=deploy/aws/destroy.sh
. "$here/destroy.sh"

is_ipv4_range() {
    local byte='(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
    [[ $1 =~ ^($byte\.){3}$byte/([1-9]|[12][0-9]|3[0-2])$ ]]
}

# Eight groups, or fewer with one "::".
is_ipv6_range() {
    local group='[0-9a-fA-F]{1,4}' address=${1%/*} groups
    [[ $1 =~ ^[0-9a-fA-F:]+/([1-9]|[1-9][0-9]|1[01][0-9]|12[0-8])$ ]] || return
    [[ $address != *::*::* && $address != *:::* ]] || return
    groups=${address//[!:]/}
    if [[ $address == *::* ]]; then
        [[ ${#groups} -le 7 && $address =~ ^($group)?(:($group)?)+$ ]]
    else
        [[ $address =~ ^$group(:$group){7}$ ]]
    fi
}

# A range of addresses that is not everybody. A rule of a load balancer
# has up to five values, and the paths of /admin are two.
add_office() {
    is_ipv4_range "$1" || is_ipv6_range "$1" ||
        fail "--office: '$1' is not a range like 192.0.2.0/24 or" \
            "2001:db8:1::/48"
    [[ ,${office,,}, != *,${1,,},* ]] || fail "--office: $1 is there twice"
    office=${office:+$office,}$1
    [[ $office != *,*,*,* ]] || fail "--office: at most three ranges," \
        "because a rule of the load balancer takes no more"
}

check_certificate() {
    [[ $certificate =~ ^arn:aws:acm:$region:[0-9]{12}:certificate/[0-9a-f-]+$ ]] ||
        fail "--certificate: '$certificate' is not a certificate of AWS" \
            "Certificate Manager in $region, like" \
            "arn:aws:acm:$region:123456789012:certificate/0123abcd"
}

# What --source needs, and what belongs to it alone.
check_source() {
    local account='[0-9]{12}' id='[0-9a-f-]+'
    case $source in
    "" | codecommit)
        [ -z "$connection$repository$branch" ] || fail "--connection," \
            "--repository and --branch belong to --source github"
        return
        ;;
    github) ;;
    *) fail "--source is codecommit or github, not '$source'" ;;
    esac
    [[ $connection =~ ^arn:aws:(codeconnections|codestar-connections):[a-z0-9-]+:$account:connection/$id$ ]] ||
        fail "--connection: '$connection' is not a connection like" \
            "arn:aws:codeconnections:$region:123456789012:connection/0123-abcd"
    [[ $repository =~ ^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$ ]] ||
        fail "--repository: '$repository' is not a repository on GitHub, like" \
            "cafe/deployment"
    [[ -z $branch || $branch =~ ^[A-Za-z0-9][A-Za-z0-9._/-]*$ ]] ||
        fail "--branch: '$branch' is not a branch like main"
}

# End if an option was given for another phase than its own.
only_for() {
    [ -z "$3" ] || [ "$phase" = "$1" ] ||
        fail "$2 is only for phase $1; other phases reuse its value"
}

yes_or_no() {
    case $2 in
    yes | no) ;;
    *) fail "$1 is yes or no, not '$2'" ;;
    esac
}

number_of_tasks() {
    [[ $2 =~ ^[1-9][0-9]?$ ]] || fail "$1 is a number from 1 to 99, not '$2'"
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
        [ -n "$certificate" ] || fail "--certificate needs the ARN of one"
        shift
        ;;
    --oidc)
        oidc=${2:-}
        [ -n "$oidc" ] || fail "--oidc needs a file; see PHASES.md"
        shift
        ;;
    --mail)
        mail=${2:-}
        [[ $mail =~ ^[^[:space:]@,=]+@[^[:space:]@,=]+$ ]] ||
            fail "--mail: '$mail' is not an address like ops@cafe.example"
        shift
        ;;
    --database-tls)
        database_tls=${2:-}
        case $database_tls in
        verify | require) ;;
        *) fail "--database-tls is verify or require, not '$database_tls'" ;;
        esac
        shift
        ;;
    --multi-az)
        multi_az=${2:-}
        yes_or_no --multi-az "$multi_az"
        shift
        ;;
    --protect)
        protect=${2:-}
        yes_or_no --protect "$protect"
        shift
        ;;
    --tasks)
        tasks=${2:-}
        number_of_tasks --tasks "$tasks"
        shift
        ;;
    --most-tasks)
        most_tasks=${2:-}
        number_of_tasks --most-tasks "$most_tasks"
        shift
        ;;
    --controller)
        controller=${2:-}
        case $controller in
        codedeploy | ecs) ;;
        *) fail "--controller is codedeploy or ecs, not '$controller'" ;;
        esac
        shift
        ;;
    --source | --connection | --repository | --branch)
        [ -n "${2:-}" ] || fail "$1 needs a value; see deploy/aws/apply.sh --help"
        printf -v "${1#--}" %s "$2"
        shift
        ;;
    --architecture)
        case ${2:-} in
        x86_64) architecture=X86_64 ;;
        arm64) architecture=ARM64 ;;
        *) fail "--architecture is x86_64 or arm64, not '${2:-}'" ;;
        esac
        shift
        ;;
    --region)
        region=${2:-}
        [[ $region =~ ^[a-z]{2}(-[a-z]+)+-[1-9]$ ]] ||
            fail "--region: '$region' is not a region like us-east-1"
        [[ ! $region =~ ^(cn|us-gov|us-iso[a-z]*|eu-isoe)- ]] ||
            fail "--region: $region is in a partition of its own, where ARNs" \
                "and addresses are others: these templates are for the" \
                "partition aws"
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
[ -z "$certificate" ] || check_certificate
check_source
only_for 4 --source "$source"
only_for 4 --controller "$controller"
only_for 5 --certificate "$certificate"
only_for 5 --oidc "$oidc"
[ -z "$oidc" ] || read_oidc
only_for 4 --architecture "$architecture"
only_for 4 --database-tls "$database_tls"
only_for 7 --mail "$mail"
only_for 3 --multi-az "$multi_az"
only_for 3 --protect "$protect"
only_for 6 --tasks "$tasks"
only_for 8 --most-tasks "$most_tasks"
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

export AWS_REGION=$region AWS_DEFAULT_REGION=$region
command -v aws >/dev/null ||
    fail "the aws command is missing: install the AWS CLI, version 2 if you can"
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
