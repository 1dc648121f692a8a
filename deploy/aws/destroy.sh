# shellcheck shell=bash
# All that the phases have made, taken down again. Read by apply.sh.
# shellcheck disable=SC2154

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
        change aws ecs delete-service --cluster "$cluster" \
            --service "$1-microservice" --force >/dev/null
        ;;
    DRAINING) ;; # deleted already, but not gone yet
    *) return 0 ;;
    esac
    await ecs wait services-inactive --cluster "$cluster" \
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
    local name protected
    protected=$(parameter database Protect)
    [ "$protected" != yes ] || fail "the database is protected: run" \
        "deploy/aws/apply.sh --protect no 3 first"
    confirm_destroy
    remove_stack scaling
    for name in $services; do remove_pipeline "$name"; done
    remove_stack codedeploy
    remove_stack watch
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
