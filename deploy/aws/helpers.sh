# shellcheck shell=bash
# What the phases of apply.sh are made of: to ask AWS, to change something, to
# fill in a copy. Read by apply.sh, which sets $dry, $folder, $account and more.
# shellcheck disable=SC2154

# The stacks of a phase, in the order in which they are made. Each is the
# template of its name; the two pipelines share one.
stacks_of() {
    case $1 in
    3) echo network database ;;
    4) echo registry roles cluster ;;
    5) echo balancer listeners ;;
    7) echo watch codedeploy pipeline-customer pipeline-employee ;;
    esac
}

fail() {
    echo "apply.sh: $*" >&2
    exit 1
}

# What is said goes to 3: the output of some functions is an answer.
exec 3>&1
say() {
    echo "$*" >&3
}

# Run what changes something, or, with --dry-run, say only what it is.
change() {
    if [ -n "$dry" ]; then
        say "would run: $*"
    else
        say "+ $*"
        "$@"
    fi
}

# Wait for AWS; in a dry run there is nothing to wait for.
await() {
    [ -n "$dry" ] || aws "$@"
}

# What AWS answers; nothing where it knows no such thing.
ask() {
    local answer
    if ! answer=$(aws "$@" --output text 2>"$folder/error"); then
        grep -Eqi 'NotFound|does not ?exist|Unable to describe task' \
            "$folder/error" || fail "$(tail -n 1 "$folder/error")"
        return 0
    fi
    [ "$answer" = None ] || echo "$answer"
}

# What is asked of a stack is asked once, until it changes.
stack_status() {
    [ -f "$folder/stacks" ] || ask cloudformation describe-stacks \
        --query 'Stacks[].[StackName,StackStatus]' >"$folder/stacks"
    awk -v name="cafe-$1" '$1 == name { print $2 }' "$folder/stacks"
}

# The status of a stack once nothing is under way in it: the script may have
# been interrupted. A waiter fails where AWS rolls back; the status tells that.
settled_status() {
    local status waiter
    status=$(stack_status "$1")
    case $status in
    CREATE_IN_PROGRESS | ROLLBACK_IN_PROGRESS) waiter=stack-create-complete ;;
    UPDATE_ROLLBACK_*IN_PROGRESS) waiter=stack-rollback-complete ;;
    UPDATE_*IN_PROGRESS) waiter=stack-update-complete ;;
    DELETE_IN_PROGRESS) waiter=stack-delete-complete ;;
    *) waiter= ;;
    esac
    if [ -n "$waiter" ]; then
        say "stack cafe-$1 is $status: waiting for it to finish"
        aws cloudformation wait $waiter --stack-name "cafe-$1" || :
        rm -f "$folder/stacks"
        status=$(stack_status "$1")
    fi
    echo "$status"
}

# An output of a stack; in a dry run one that does not exist yet has a name.
output() {
    local value file=$folder/$1.outputs
    [ -f "$file" ] || ask cloudformation describe-stacks \
        --stack-name "cafe-$1" \
        --query 'Stacks[0].Outputs[].[OutputKey,OutputValue]' >"$file"
    value=$(awk -v key="$2" '$1 == key { print $2 }' "$file")
    if [ -z "$value" ]; then
        [ -n "$dry" ] || fail "stack cafe-$1 has no output $2; is it complete?"
        value="<$2 of cafe-$1>"
    fi
    echo "$value"
}

# A parameter of a stack as it is; nothing where there is none.
parameter() {
    local file=$folder/$1.parameters
    [ -n "$(stack_status "$1")" ] || return 0
    [ -f "$file" ] || ask cloudformation describe-stacks \
        --stack-name "cafe-$1" --query \
        'Stacks[0].Parameters[].[ParameterKey,ParameterValue]' >"$file"
    awk -v key="$2" '$1 == key { print $2 }' "$file"
}

# What was given, or else what the stack has, or else "no".
#   given_or_kept GIVEN STACK PARAMETER
given_or_kept() {
    local value=$1
    [ -n "$value" ] || value=$(parameter "$2" "$3")
    echo "${value:-no}"
}

# Parameters for a stack, into $parameters: NAME=VALUE, or STACK.NAME for the
# output NAME of another stack.
find_parameters() {
    local parameter value
    parameters=()
    for parameter; do
        if [[ $parameter != *=* ]]; then
            value=$(output "${parameter%%.*}" "${parameter#*.}")
            parameter=${parameter#*.}=$value
        fi
        value=${parameter#*=}
        parameters+=("ParameterKey=${parameter%%=*},ParameterValue=${value//,/\\,}")
    done
}

# Make a stack, or update it. A stack with a policy is updated only if another
# policy is in force meanwhile, the file in $meanwhile.
stack() {
    local name=$1 template=$here/$2.yaml policy=$here/$1-policy.json status
    local parameters options=()
    shift 2
    find_parameters "$@"
    options=(--stack-name "cafe-$name" --template-body "file://$template"
        --capabilities CAPABILITY_NAMED_IAM)
    [ $# = 0 ] || options+=(--parameters "${parameters[@]}")
    status=$(settled_status "$name")
    rm -f "$folder/stacks" "$folder/$name.outputs" "$folder/$name.parameters"
    case $status in
    "")
        [ ! -f "$policy" ] || options+=(--stack-policy-body "file://$policy")
        change aws cloudformation create-stack "${options[@]}" >/dev/null
        await cloudformation wait stack-create-complete \
            --stack-name "cafe-$name"
        ;;
    CREATE_COMPLETE | UPDATE_COMPLETE | UPDATE_ROLLBACK_COMPLETE)
        if [ ! -f "$policy" ]; then
            update_stack "$name" "${options[@]}"
        elif [ -n "$meanwhile" ]; then
            update_stack "$name" "${options[@]}" \
                --stack-policy-during-update-body "file://$meanwhile"
        else
            say "stack cafe-$name already exists"
        fi
        ;;
    *_IN_PROGRESS)
        fail "stack cafe-$name is $status: wait for it to finish, then run" \
            "this again"
        ;;
    *)
        fail "stack cafe-$name is $status: see its events, then delete it" \
            "(aws cloudformation delete-stack --stack-name cafe-$name)"
        ;;
    esac
}

update_stack() {
    local name=$1
    shift
    if change aws cloudformation update-stack "$@" \
        >/dev/null 2>"$folder/error"; then
        await cloudformation wait stack-update-complete \
            --stack-name "cafe-$name"
    elif grep -q 'No updates' "$folder/error"; then
        say "stack cafe-$name is up to date"
    else
        fail "$(tail -n 1 "$folder/error")"
    fi
}

# End unless a phase is done.
need() {
    local name status
    for name in $(stacks_of "$1"); do
        status=$(stack_status "$name")
        case $status in
        CREATE_COMPLETE | UPDATE_COMPLETE | UPDATE_ROLLBACK_COMPLETE) ;;
        *) fail "stack cafe-$name is ${status:-missing} in $region:" \
            "run deploy/aws/apply.sh $1 first" ;;
        esac
    done
}

service_status() {
    ask ecs describe-services --cluster "$cluster" \
        --services "$1-microservice" --query 'services[0].status'
}

need_services() {
    local name status
    for name in $services; do
        status=$(service_status "$name")
        [ "$status" = ACTIVE ] ||
            fail "the service $name-microservice is ${status:-missing}:" \
                "run deploy/aws/apply.sh 6 first"
    done
}

# A copy of FILE in $folder, each PLACEHOLDER replaced by what follows it.
fill() {
    local file=$1 text
    text=$(<"$file")
    shift
    while [ $# -gt 0 ]; do
        text=${text//"$1"/$2}
        shift 2
    done
    printf '%s\n' "$text" >"$folder/${file##*/}"
}

# As fill(), for a task definition: account, region and architecture, too.
fill_task() {
    fill "$@" "<ACCOUNT-ID>" "$account" \
        '"awslogs-region": "us-east-1"' "\"awslogs-region\": \"$region\"" \
        '"cpuArchitecture": "X86_64"' "\"cpuArchitecture\": \"$architecture\""
    if [ "$database_tls" = verify ]; then
        fill "$folder/${1##*/}" '"value": "require"' '"value": "verify"
                },
                {
                    "name": "APP_DB_TLS_CA",
                    "value": "/etc/ssl/databases.pem"'
    fi
}

# How the daemons connect to the database: as said now, or else as in the last
# phase 4. Only images with its authorities can verify it: see how_to_push().
find_database_tls() {
    [ -n "$database_tls" ] || database_tls=$(task_definition employee \
        "taskDefinition.containerDefinitions[0].environment[?name=='APP_DB_TLS'].value")
    [ -n "$database_tls" ] || database_tls=verify
}

# The architecture given now, or else that of the last phase 4.
find_architecture() {
    [ -n "$architecture" ] || architecture=$(task_definition employee \
        taskDefinition.runtimePlatform.cpuArchitecture)
    [ -n "$architecture" ] || architecture=X86_64
}

secret_arn() {
    local arn
    arn=$(ask secretsmanager describe-secret --secret-id "cafe/$1" --query ARN)
    [ -n "$arn" ] || fail "there is no secret cafe/$1: run" \
        "deploy/aws/apply.sh 3 first"
    echo "$arn"
}

database() {
    local value
    value=$(ask rds describe-db-instances --db-instance-identifier supplierdb \
        --query "DBInstances[0].$1")
    [ -n "$value" ] || fail "the database supplierdb has no $1:" \
        "run deploy/aws/apply.sh 3 first"
    echo "$value"
}

registry() {
    echo "$account.dkr.ecr.$region.amazonaws.com"
}

# The newest image of a service, by its digest.
image() {
    local digest
    digest=$(ask ecr describe-images --repository-name "$1" \
        --image-ids imageTag=latest --query 'imageDetails[0].imageDigest')
    if [ -z "$digest" ]; then
        [ -n "$dry" ] || fail "there is no image $1:latest in the registry:" \
            "push both images as shown above, then run phase 4 again"
        digest="<digest of $1:latest>"
    fi
    echo "$(registry)/$1@$digest"
}

how_to_push() {
    local name platform=linux/amd64
    [ "$architecture" = X86_64 ] || platform=linux/arm64
    say "Push the images like this, from $root:"
    [ "$database_tls" != verify ] ||
        say "    curl -fo deploy/packaging/authorities/rds.pem" \
            "https://truststore.pki.rds.amazonaws.com/$region/$region-bundle.pem"
    say "    aws ecr get-login-password --region $region |" \
        "docker login --username AWS --password-stdin $(registry)"
    for name in $services; do
        say "    docker build --platform $platform" \
            "--tag $(registry)/$name:latest --file $name/Dockerfile ."
        say "    docker push $(registry)/$name:latest"
    done
}

# Register a filled task definition, unless the newest revision is the same.
register() {
    local family=$1 file=$2 sum known
    sum=$(cksum <"$file" | cut -d ' ' -f 1)
    registered=
    known=$(ask ecs describe-task-definition --task-definition "$family" \
        --include TAGS --query "tags[?key=='cafe-file'].value")
    if [ "$sum" = "$known" ]; then
        say "task definition $family is up to date"
        return
    fi
    # shellcheck disable=SC2034 # for deploy_definition()
    registered=$sum
    change aws ecs register-task-definition --cli-input-json "file://$file" \
        --tags "key=cafe-file,value=$sum" --query taskDefinition.revision \
        --output text >/dev/null
}

# What AWS knows about the newest task definition of a service.
task_definition() {
    ask ecs describe-task-definition --task-definition "$1-microservice" \
        --query "$2"
}

# The names under which the site is asked for, once there is a load balancer:
# its own and those of its certificate, each with a comma in front but the first.
site_names() {
    local address arn name
    [ -n "$(stack_status balancer)" ] || return 0
    address=$(output balancer Address)
    printf '%s' "${address#http://}"
    arn=$(parameter listeners Certificate)
    for name in $([ -z "$arn" ] || certificate_names "$arn"); do
        printf ',%s' "$name"
    done
}

# The names of a certificate, but for those with an asterisk.
certificate_names() {
    local names name found=
    names=$(ask acm describe-certificate --certificate-arn "$1" \
        --query 'Certificate.SubjectAlternativeNames[]')
    for name in $names; do
        [[ $name == *\** ]] || found+=" $name"
    done
    [ -n "$found" ] || fail "the certificate $1 has no name without an" \
        "asterisk, so the names that the site has are unknown: request one" \
        "that has them, too"
    echo "$found"
}

# The addresses that may edit: those given now, or else those given to the last
# phase 4.
find_office() {
    if [ -z "$office" ]; then
        office=$(task_definition employee \
            "taskDefinition.containerDefinitions[0].environment[?name=='APP_ALLOW'].value")
        office=${office#*private,}
    fi
    [ -n "$office" ] || fail "the network that may edit suppliers is missing:" \
        "phase 4 needs --office CIDR, for example --office 192.0.2.0/24"
}

# git against CodeCommit, with the rights of the aws command.
codecommit() {
    # shellcheck disable=SC2016
    git -c credential.helper= \
        -c credential.helper='!aws codecommit credential-helper $@' \
        -c credential.UseHttpPath=true -c user.name=apply.sh \
        -c user.email=apply.sh@localhost "$@"
}

# Where the deployment repository is: as said now, or else as in the last
# phase 4. $connection is empty where that is CodeCommit.
find_source() {
    case $source in
    "")
        connection=$(parameter roles Connection)
        repository=$(parameter roles Repository)
        branch=$(parameter roles Branch)
        ;;
    codecommit) ;;
    github) branch=${branch:-dev} ;;
    esac
}

# One that nobody has completed in the console lets no pipeline through. The
# command is that of the name in the ARN; an old CLI knows the older name only.
need_connection() {
    local status service
    [ -n "$connection" ] || return 0
    IFS=: read -r _ _ service _ <<<"$connection"
    status=$(ask "$service" get-connection --connection-arn "$connection" \
        --query Connection.ConnectionStatus)
    [ "$status" = AVAILABLE ] || fail "the connection $connection is" \
        "${status:-missing}: complete it in the console (Developer Tools," \
        "Settings, Connections), then run this again"
}

# git against the deployment repository; GitHub with your own credentials.
deployment_git() {
    if [ -n "$connection" ]; then
        git -c user.name=apply.sh -c user.email=apply.sh@localhost "$@"
    else
        codecommit "$@"
    fi
}

repository_url() {
    ask codecommit get-repository --repository-name "$1" \
        --query repositoryMetadata.cloneUrlHttp
}

# Commit the files to the deployment repository, if they differ.
#   push_deployment [--keep] FILE...      --keep: only those that are not there
push_deployment() {
    local url file keep='' tree=$folder/deployment found=0 to=refs/heads/dev
    if [ "$1" = --keep ]; then
        keep=yes
        shift
    fi
    find_source
    if [ -n "$connection" ]; then
        url=https://github.com/$repository.git
        to=refs/heads/$branch
    else
        url=$(repository_url deployment)
    fi
    [ -n "$url" ] || fail "there is no repository deployment:" \
        "run deploy/aws/apply.sh 2 first"
    git init -q "$tree"
    git -C "$tree" checkout -q --orphan filled
    deployment_git -C "$tree" ls-remote --exit-code "$url" "$to" \
        >/dev/null || found=$?
    case $found in
    0)
        deployment_git -C "$tree" fetch -q "$url" "$to"
        git -C "$tree" reset -q --hard FETCH_HEAD
        ;;
    2) ;; # it is empty
    *) fail "git can't read $url" ;;
    esac
    for file in "$@"; do
        if [ -z "$keep" ] || [ ! -e "$tree/${file##*/}" ]; then
            cp "$file" "$tree"
        fi
    done
    git -C "$tree" add -A
    if [ -z "$(git -C "$tree" status --porcelain)" ]; then
        say "the repository deployment is up to date"
        return
    fi
    deployment_git -C "$tree" commit -qm "Fill in what belongs to this account"
    change deployment_git -C "$tree" push -q "$url" "HEAD:$to"
}
