# shellcheck shell=bash
# Who changes from blue to green: CodeDeploy, or ECS itself (--controller ecs).
# Read by apply.sh, which sets $dry, $folder, $account and more.
# shellcheck disable=SC2154

# The controller as said now, or else as in the last phase 4.
find_controller() {
    local known
    [ -n "$controller" ] || controller=$(parameter roles Controller)
    [ -n "$controller" ] || controller=codedeploy
    [ "$controller" = ecs ] || return 0
    known=$(aws ecs create-service --generate-cli-skeleton)
    [[ $known == *alternateTargetGroupArn*timeoutInMinutes* ||
        $known == *timeoutInMinutes*alternateTargetGroupArn* ]] ||
        fail "this aws command does not know the blue/green deployments of" \
            "ECS, which --controller ecs needs: install a newer one"
}

# A service keeps its controller. What ECS has left in the listeners is not
# where CodeDeploy begins.
need_same_controller() {
    local name type kept
    kept=$(parameter roles Controller)
    [ "$kept:$controller" != ecs:codedeploy ] ||
        fail "--controller: ECS deploys in this account; for CodeDeploy run" \
            "deploy/aws/apply.sh destroy first"
    for name in $services; do
        type=$(ask ecs describe-services --cluster "$cluster" \
            --services "$name-microservice" --query \
            "services[?status=='ACTIVE'] | [0].deploymentController.type")
        [ "$type:$controller" != CODE_DEPLOY:ecs ] ||
            fail "--controller: CodeDeploy deploys $name-microservice: delete" \
                "both services first (aws ecs delete-service --force), then" \
                "run the phases 4 to 7"
    done
}

# The rule of an output of cafe-listeners; that of a listener is its default.
rule_arn() {
    local arn
    arn=$(output listeners "$1")
    case $arn in
    *:listener/*)
        ask elbv2 describe-rules --listener-arn "$arn" \
            --query 'Rules[?IsDefault] | [0].RuleArn'
        ;;
    *) echo "$arn" ;;
    esac
}

# The rules of a service, into $production_rule and $test_rule.
find_rules() {
    local part=
    [ "$1" = customer ] || part=Admin
    production_rule=$(rule_arn "Production$part")
    test_rule=$(rule_arn "Test$part")
}

# A service as ECS deploys it, but for what create_service() fills in: it begins
# in the group to which production leads.
#   fill_native NAME TITLE FILE
fill_native() {
    local part='' group other production_rule test_rule
    [ "$1" = customer ] || part=Admin
    group=$(target "Production$part" "$2TgTwo")
    other=$(output balancer "$2TgOne")
    [ "$group" != "$other" ] || other=$(output balancer "$2TgTwo")
    find_rules "$1"
    fill "$here/service-ecs.json" "<SERVICE>" "$1" "<ACCOUNT-ID>" "$account" \
        PRODUCTION-TG-ARN "$group" OTHER-TG-ARN "$other" \
        PRODUCTION-RULE-ARN "$production_rule" TEST-RULE-ARN "$test_rule"
    mv "$folder/service-ecs.json" "$3"
}

# What the pipelines' last action reads of the image: its name and the newest
# one's tag. ECS resolves the tag for each deployment.
push_images() {
    local name
    for name in $services; do
        fill "$here/imagedefinitions.json" "<SERVICE>" "$name" \
            "<REGISTRY>" "$(registry)"
        mv "$folder/imagedefinitions.json" \
            "$folder/imagedefinitions-$name.json"
    done
    push_deployment "$folder"/imagedefinitions-*.json
}

# Bring a new task definition into a service that runs; pipelines of CodeDeploy
# do that themselves. A dry run has registered nothing, but register() tells.
deploy_definition() {
    local status newest running
    status=$(service_status "$1")
    [ "$status" = ACTIVE ] || return 0
    newest=$(task_definition "$1" taskDefinition.taskDefinitionArn)
    running=$(ask ecs describe-services --cluster "$cluster" \
        --services "$1-microservice" --query 'services[0].taskDefinition')
    [ -z "$dry" ] || [ -z "$registered" ] || newest=$1-microservice
    [ "$newest" = "$running" ] || change aws ecs update-service \
        --cluster "$cluster" --service "$1-microservice" \
        --task-definition "$newest" >/dev/null
}

# Tell a service of the rules that another certificate has made.
follow_listeners() {
    local status pair production_rule test_rule
    status=$(service_status "$1")
    [ "$status" = ACTIVE ] || return 0
    find_rules "$1"
    pair=$(ask ecs describe-services --cluster "$cluster" \
        --services "$1-microservice" --query "services[0].loadBalancers[0].[
            targetGroupArn, advancedConfiguration.alternateTargetGroupArn]")
    change aws ecs update-service --cluster "$cluster" \
        --service "$1-microservice" --load-balancers \
        "targetGroupArn=${pair%%$'\t'*},containerName=$1,containerPort=8080,advancedConfiguration={alternateTargetGroupArn=${pair#*$'\t'},productionListenerRule=$production_rule,testListenerRule=$test_rule,roleArn=arn:aws:iam::$account:role/CafeTrafficRole}" \
        >/dev/null
}

# The deployments of a service that are under way.
deployments() {
    if [ "$controller" = ecs ]; then
        ask ecs list-service-deployments --cluster "$cluster" \
            --service "$1-microservice" --status PENDING IN_PROGRESS \
            STOP_REQUESTED ROLLBACK_REQUESTED ROLLBACK_IN_PROGRESS \
            --query 'serviceDeployments[].serviceDeploymentArn'
    else
        ask deploy list-deployments --application-name microservices \
            --deployment-group-name "microservices-$1" \
            --include-only-statuses Created Queued InProgress Ready \
            --query 'deployments[]'
    fi
}

need_no_deployment() {
    local name found
    for name in $services; do
        found=$(deployments "$name")
        [ -z "$found" ] || fail "$name is being deployed ($found): run this" \
            "again when that is over"
    done
}
