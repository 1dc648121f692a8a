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
usage: deploy/aws/apply.sh [--dry-run] [--office CIDR] PHASE
       deploy/aws/apply.sh [--dry-run] migrate
       deploy/aws/apply.sh [--dry-run] [--yes] destroy

PHASE is a number from 1 to 8 (see deploy/PHASES.md). migrate prepares the
database for the newest image of employee, as phase 6 does the first time.

    --dry-run       show what would be done, without changing anything
    --office CIDR   the network that may edit suppliers, for example
                    192.0.2.0/24; only for phase 4, phase 8 reuses it
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

# shellcheck source=deploy/aws/helpers.sh
. "$here/helpers.sh"

# Accounts, tables and rights, in this order, by one task in the VPC.
migrate() {
    local newest endpoint admin customer employee own
    local subnet1 subnet2 group task codes
    newest=$(image employee)
    endpoint=$(database Endpoint.Address)
    admin=$(database MasterUserSecret.SecretArn)
    customer=$(secret_arn customer)
    employee=$(secret_arn employee)
    own=$(secret_arn migrate)
    fill "$here/taskdef-migrate.json" \
        "<ACCOUNT-ID>" "$account" "<RDS-ENDPOINT>" "$endpoint" \
        "<IMAGE1_NAME>" "$newest" "<ADMIN-SECRET-ARN>" "$admin" \
        "<CUSTOMER-SECRET-ARN>" "$customer" \
        "<EMPLOYEE-SECRET-ARN>" "$employee" "<MIGRATE-SECRET-ARN>" "$own" \
        "<SQL-SCRIPT>" "$(base64 <"$here/sql.sh" | tr -d '\n')" \
        "<ACCOUNTS-SQL>" "$(base64 <"$here/accounts.sql" | tr -d '\n')" \
        "<GRANTS-SQL>" "$(base64 <"$root/deploy/local/grants.sql" | tr -d '\n')"
    register cafe-migrate "$folder/taskdef-migrate.json"
    subnet1=$(output network PrivateSubnet1)
    subnet2=$(output network PrivateSubnet2)
    group=$(output network TaskGroup)
    task=$(change aws ecs run-task --cluster $cluster --launch-type FARGATE \
        --task-definition cafe-migrate --network-configuration \
        "awsvpcConfiguration={subnets=[$subnet1,$subnet2],securityGroups=[$group],assignPublicIp=DISABLED}" \
        --query 'tasks[0].taskArn' --output text)
    [ -z "$dry" ] || return 0
    aws ecs wait tasks-stopped --cluster $cluster --tasks "$task"
    codes=$(aws ecs describe-tasks --cluster $cluster --tasks "$task" \
        --query 'tasks[0].containers[].exitCode' --output text | tr '\t' ' ')
    [ "$codes" = "0 0 0" ] ||
        fail "the migration failed (${codes:-no exit code}); see" \
            "awslogs-cafe-CICD, streams migrate/, and run this again"
    say "the database is ready"
}

create_service() {
    local name=$1 title=$2 status file revision tg subnet1 subnet2 group
    file=create-$name-microservice-tg-two.json
    tg=$(output balancer "${title}TgTwo")
    revision=$(task_definition "$name" taskDefinition.revision)
    [ -n "$revision" ] || fail "$name-microservice has no task definition:" \
        "run deploy/aws/apply.sh 4 first"
    subnet1=$(output network PrivateSubnet1)
    subnet2=$(output network PrivateSubnet2)
    group=$(output network TaskGroup)
    fill "$root/deploy/deployment/$file" REVISION-NUMBER "$revision" \
        MICROSERVICE-TG-TWO-ARN "$tg" PRIVATE-SUBNET-1-ID "$subnet1" \
        PRIVATE-SUBNET-2-ID "$subnet2" SECURITY-GROUP-ID "$group"
    status=$(service_status "$name")
    if [ "$status" = ACTIVE ]; then
        say "service $name-microservice already exists"
        return
    fi
    change aws ecs create-service --cli-input-json "file://$folder/$file" \
        >/dev/null
    # The waiter for services waits for ever where CodeDeploy is in control.
    await elbv2 wait target-in-service --target-group-arn "$tg"
}

phase_1() {
    cat <<'TEXT'
Nothing to apply: phase 1 looks at the application that will be split.
  - Which paths does it serve?  /suppliers, /supplier-add, /supplier-update/1:
    reading and writing, side by side. They become customer and employee.
  - Which process serves port 80, and as whom?  sudo lsof -i :80; ps -ef
  - Where is the data?  database COFFEE, table suppliers, on RDS:
    mysql -h ENDPOINT -u admin -p, then SELECT * FROM COFFEE.suppliers;
The same application in two daemons, on this machine: ./cafe up
TEXT
}

phase_2() {
    local name url
    for name in microservices deployment; do
        url=$(repository_url "$name")
        [ -n "$url" ] || change aws codecommit create-repository \
            --repository-name "$name" >/dev/null
    done
    url=$(repository_url microservices)
    change codecommit -C "$root" push -q "${url:-<URL of microservices>}" \
        HEAD:refs/heads/dev
}

phase_3() {
    local network=(network.PrivateSubnet1 network.PrivateSubnet2)
    stack network network
    stack database database "${network[@]}" network.DatabaseGroup
    say "Test both images on this machine: docker compose up"
}

# Task definitions, filled in and registered. Before phase 5 there is no load
# balancer, and no name by which anybody could ask for /admin.
define_tasks() {
    local name endpoint newest arn balancer
    find_office
    balancer=$(balancer_name)
    endpoint=$(database Endpoint.Address)
    mkdir "$folder/filled"
    for name in $services; do
        newest=$(image "$name")
        arn=$(secret_arn "$name")
        fill "$root/deploy/deployment/taskdef-$name.json" \
            "<ACCOUNT-ID>" "$account" "<RDS-ENDPOINT>" "$endpoint" \
            "<DB-SECRET-ARN>" "$arn" "<OFFICE-CIDR>" "$office" \
            "<BALANCER-DNS-NAME>" "$balancer"
        cp "$folder/taskdef-$name.json" "$folder/filled"
        fill "$folder/taskdef-$name.json" "<IMAGE1_NAME>" "$newest"
        register "$name-microservice" "$folder/taskdef-$name.json"
    done
    push_deployment "$folder/filled"/*.json \
        "$root/deploy/deployment"/appspec-*.yaml
}

phase_4() {
    local admin
    need 3
    find_office
    stack registry registry
    admin=$(database MasterUserSecret.SecretArn)
    stack roles roles "AdminSecret=$admin"
    stack cluster cluster
    how_to_push
    define_tasks
}

phase_5() {
    local defined
    need 3
    stack balancer balancer network.VpcId network.PublicSubnet1 \
        network.PublicSubnet2 network.BalancerGroup
    stack listeners listeners balancer.Balancer balancer.CustomerTgOne \
        balancer.CustomerTgTwo balancer.EmployeeTgOne balancer.EmployeeTgTwo
    defined=$(task_definition employee taskDefinition.revision)
    [ -z "$defined" ] || define_tasks
    say "The load balancer: $(output balancer Address)"
}

phase_6() {
    local customer employee
    need 4
    need 5
    customer=$(service_status customer)
    employee=$(service_status employee)
    [ "$customer" = ACTIVE ] || [ "$employee" = ACTIVE ] || migrate
    create_service customer Customer
    create_service employee Employee
    # What they were created with stays: a push starts pipelines.
    push_deployment --keep "$folder"/create-*.json
}

phase_7() {
    local name
    need 5
    need_services
    stack codedeploy codedeploy listeners.Production listeners.Test \
        balancer.BalancerName balancer.CustomerTgOne balancer.CustomerTgTwo \
        balancer.EmployeeTgOne balancer.EmployeeTgTwo
    for name in $services; do
        stack "pipeline-$name" pipeline "Service=$name"
    done
    say "Each pipeline runs once on its own, then after every push of an image."
}

# Conditions only: where a rule leads to is CodeDeploy's business.
phase_8() {
    local name rule
    need 7
    need_services
    find_office
    for name in ProductionAdmin TestAdmin; do
        rule=$(output listeners $name)
        change aws elbv2 modify-rule --rule-arn "$rule" --conditions \
            "Field=path-pattern,PathPatternConfig={Values=[/admin,/admin/*]}" \
            "Field=source-ip,SourceIpConfig={Values=[$office]}" >/dev/null
        say "$name leads to $(ask elbv2 describe-rules --rule-arns "$rule" \
            --query 'Rules[0].Actions[0].TargetGroupArn')"
    done
    change aws ecs update-service --cluster $cluster \
        --service customer-microservice --desired-count 3 >/dev/null
    say "Now push a new image of employee; its pipeline deploys it."
}

remove_stack() {
    local status
    status=$(settled_status "$1")
    [ -n "$status" ] || return 0
    change aws cloudformation delete-stack --stack-name "cafe-$1"
    await cloudformation wait stack-delete-complete --stack-name "cafe-$1"
}

# The bucket of a pipeline has to be empty before its stack can go. There is
# none where the stack could not be made.
remove_pipeline() {
    local status bucket=cafe-pipeline-$1-$account
    status=$(settled_status "pipeline-$1")
    [ -n "$status" ] || return 0
    if aws s3api head-bucket --bucket "$bucket" >/dev/null 2>&1; then
        change aws s3 rm --quiet --recursive "s3://$bucket"
    fi
    remove_stack "pipeline-$1"
}

remove_service() {
    local status
    status=$(service_status "$1")
    case $status in
    ACTIVE)
        change aws ecs delete-service --cluster $cluster \
            --service "$1-microservice" --force >/dev/null
        ;;
    DRAINING) ;; # deleted already, but not gone yet
    *) return 0 ;;
    esac
    await ecs wait services-inactive --cluster $cluster \
        --services "$1-microservice"
}

remove_task_definitions() {
    local revision revisions
    revisions=$(ask ecs list-task-definitions --family-prefix "$1" \
        --status ACTIVE --query 'taskDefinitionArns[]')
    for revision in $revisions; do
        change aws ecs deregister-task-definition \
            --task-definition "$revision" >/dev/null
    done
}

remove_repository() {
    local url
    url=$(repository_url "$1")
    [ -z "$url" ] || change aws codecommit delete-repository \
        --repository-name "$1" >/dev/null
}

confirm_destroy() {
    local answer=
    if [ -z "$yes" ] && [ -z "$dry" ]; then
        say "This removes everything that the phases created in account" \
            "$account: services, images and both repositories. A snapshot of" \
            "the database is kept."
        read -r -p "Type destroy to continue: " answer || :
        [ "$answer" = destroy ] || fail "nothing was removed"
    fi
}

destroy() {
    local name
    confirm_destroy
    for name in $services; do remove_pipeline "$name"; done
    remove_stack codedeploy
    for name in $services; do remove_service "$name"; done
    for name in listeners balancer; do remove_stack $name; done
    for name in customer-microservice employee-microservice cafe-migrate; do
        remove_task_definitions $name
    done
    for name in cluster roles registry database network; do
        remove_stack $name
    done
    for name in deployment microservices; do remove_repository $name; done
}

# A range of IPv4 addresses that is not everybody.
check_office() {
    local byte='(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
    [[ $office =~ ^($byte\.){3}$byte/([1-9]|[12][0-9]|3[0-2])$ ]] ||
        fail "--office: '$office' is not a range like 192.0.2.0/24"
}

phase=
while [ $# -gt 0 ]; do
    case $1 in
    --dry-run) dry=yes ;;
    --yes) yes=yes ;;
    --office)
        office=${2:-}
        check_office
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
    fail "--office is only for phase 4; phase 8 reuses its value: run" \
        "deploy/aws/apply.sh --office $office 4 first"
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
