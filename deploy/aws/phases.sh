# shellcheck shell=bash
# The tutorial's phases. Read by apply.sh, which sets $dry, $folder, $office
# and more.
# shellcheck disable=SC2154

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
    find_architecture
    find_database_tls
    fill_task "$here/taskdef-migrate.json" "<RDS-ENDPOINT>" "$endpoint" \
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
    task=$(change aws ecs run-task --cluster "$cluster" --launch-type FARGATE \
        --task-definition cafe-migrate --network-configuration \
        "awsvpcConfiguration={subnets=[$subnet1,$subnet2],securityGroups=[$group],assignPublicIp=DISABLED}" \
        --query 'tasks[0].taskArn' --output text)
    [ -z "$dry" ] || return 0
    aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$task"
    codes=$(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" \
        --query 'tasks[0].containers[].exitCode' --output text | tr '\t' ' ')
    [ "$codes" = "0 0 0" ] ||
        fail "the migration failed (${codes:-no exit code}); see" \
            "awslogs-cafe-CICD, streams migrate/, and run this again"
    say "the database is ready"
}

create_service() {
    local name=$1 title=$2 status file revision tg subnet1 subnet2 group
    if [ "$controller" = ecs ]; then
        file=$folder/create-$name-microservice-ecs.json
        fill_native "$name" "$title" "$file"
    else
        file=$root/deploy/deployment/create-$name-microservice-tg-two.json
    fi
    tg=$(output balancer "${title}TgTwo")
    revision=$(task_definition "$name" taskDefinition.revision)
    [ -n "$revision" ] || fail "$name-microservice has no task definition:" \
        "run deploy/aws/apply.sh 4 first"
    subnet1=$(output network PrivateSubnet1)
    subnet2=$(output network PrivateSubnet2)
    group=$(output network TaskGroup)
    fill "$file" REVISION-NUMBER "$revision" \
        '"desiredCount": 1,' "\"desiredCount\": ${tasks:-1}," \
        MICROSERVICE-TG-TWO-ARN "$tg" PRIVATE-SUBNET-1-ID "$subnet1" \
        PRIVATE-SUBNET-2-ID "$subnet2" SECURITY-GROUP-ID "$group"
    status=$(service_status "$name")
    if [ "$status" = ACTIVE ]; then
        say "service $name-microservice already exists"
        [ -z "$tasks" ] || change aws ecs update-service --cluster "$cluster" \
            --service "$name-microservice" --desired-count "$tasks" >/dev/null
        return
    fi
    change aws ecs create-service --cli-input-json "file://$folder/${file##*/}" \
        >/dev/null
    if [ "$controller" = ecs ]; then
        await ecs wait services-stable --cluster "$cluster" \
            --services "$name-microservice"
    else
        # That waiter waits for ever where CodeDeploy is in control.
        await elbv2 wait target-in-service --target-group-arn "$tg"
    fi
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

# Who reaches the load balancer: phase 5 opens it for the certificate and the
# office, and phase 3 leaves that as it is.
apply_network() {
    multi_az=$(given_or_kept "$multi_az" network MultiAz)
    stack network network "Https=$1" "Ipv6=$2" "Office1=$3" "Office2=$4" \
        "Office3=$5" "MultiAz=$multi_az" "SignIn=$6"
}

phase_3() {
    local https ipv6 one two three egress
    local network=(network.PrivateSubnet1 network.PrivateSubnet2)
    https=$(parameter network Https)
    ipv6=$(parameter network Ipv6)
    one=$(parameter network Office1)
    two=$(parameter network Office2)
    three=$(parameter network Office3)
    egress=$(parameter network SignIn)
    apply_network "$https" "$ipv6" "$one" "$two" "$three" "$egress"
    protect=$(given_or_kept "$protect" database Protect)
    stack database database "${network[@]}" network.DatabaseGroup \
        "MultiAz=$multi_az" "Protect=$protect"
    say "Test both images on this machine: docker compose up"
}

# Task definitions, filled in and registered. Before phase 5 there is no load
# balancer, and no name by which anybody could ask for /admin.
define_tasks() {
    local name endpoint newest arn balancer
    find_office
    find_architecture
    find_database_tls
    balancer=$(site_names)
    endpoint=$(database Endpoint.Address)
    mkdir "$folder/filled"
    for name in $services; do
        newest=$(image "$name")
        arn=$(secret_arn "$name")
        fill_task "$root/deploy/deployment/taskdef-$name.json" \
            "<RDS-ENDPOINT>" "$endpoint" \
            "<DB-SECRET-ARN>" "$arn" "<OFFICE-CIDR>" "$office" \
            "<BALANCER-DNS-NAME>" "$balancer"
        [ "$name" != employee ] || [ -z "$sign_in" ] ||
            fill_sign_in "$folder/taskdef-$name.json"
        cp "$folder/taskdef-$name.json" "$folder/filled"
        fill "$folder/taskdef-$name.json" "<IMAGE1_NAME>" "$newest"
        register "$name-microservice" "$folder/taskdef-$name.json"
        [ "$controller" != ecs ] || deploy_definition "$name"
    done
    if [ "$controller" = ecs ]; then
        push_images
    else
        push_deployment "$folder/filled"/*.json \
            "$root/deploy/deployment"/appspec-*.yaml
    fi
}

phase_4() {
    local admin
    need 3
    find_office
    find_architecture
    find_database_tls
    find_source
    find_controller
    certificate=$(parameter listeners Certificate)
    find_oidc
    need_same_controller
    need_connection
    stack registry registry
    admin=$(database MasterUserSecret.SecretArn)
    stack roles roles "AdminSecret=$admin" "Connection=$connection" \
        "Repository=$repository" "Branch=$branch" "Controller=$controller"
    stack cluster cluster
    how_to_push
    define_tasks
}

# Of an action with two target groups, as deployments leave it, the one that
# gets the requests.
# shellcheck disable=SC2016 # JMESPath has back quotes
leads_to='(TargetGroupArn || (ForwardConfig.TargetGroups[?Weight > `0`] | [0].TargetGroupArn))'

# The target group to which a listener or a rule leads now; before there is one,
# the group with which it begins.
#   target OUTPUT-OF-LISTENERS GROUP
target() {
    local arn
    if [ -z "$(stack_status listeners)" ]; then
        output balancer "$2"
        return
    fi
    arn=$(output listeners "$1")
    case $arn in
    *:listener-rule/*)
        ask elbv2 describe-rules --rule-arns "$arn" \
            --query "Rules[0].Actions[-1] | $leads_to"
        ;;
    *)
        ask elbv2 describe-listeners --listener-arns "$arn" \
            --query "Listeners[0].DefaultActions[-1] | $leads_to"
        ;;
    esac
}

# Listeners are made once, and updated only for another certificate and for
# another way to sign in.
apply_listeners() {
    local known name
    known=$(parameter listeners Certificate)
    if [ -z "$certificate" ]; then
        stack listeners listeners balancer.Balancer balancer.CustomerTgOne \
            balancer.CustomerTgTwo balancer.EmployeeTgOne balancer.EmployeeTgTwo
    elif [ "$certificate" = "$known" ] && oidc_is_known; then
        say "stack cafe-listeners already has this certificate"
    else
        need_no_deployment
        # shellcheck disable=SC2034 # for stack()
        meanwhile=$here/listeners-certificate-policy.json
        apply_https
        # CodeDeploy, or ECS, has to follow to the new listener.
        [ -z "$(stack_status codedeploy)" ] || apply_codedeploy
        for name in $([ "$controller" != ecs ] || echo "$services"); do
            follow_listeners "$name"
        done
    fi
}

# They go on leading where they lead.
apply_https() {
    local customer employee customer_test employee_test
    local provider=("OidcIssuer=${oidc_values[0]:-}"
        "OidcAuthorization=${oidc_values[1]:-}"
        "OidcToken=${oidc_values[2]:-}" "OidcUserInfo=${oidc_values[3]:-}"
        "OidcClient=${oidc_values[4]:-}" "OidcSecret=${oidc_values[5]:-}")
    customer=$(target Production CustomerTgTwo)
    employee=$(target ProductionAdmin EmployeeTgTwo)
    customer_test=$(target Test CustomerTgOne)
    employee_test=$(target TestAdmin EmployeeTgOne)
    stack listeners listeners-https balancer.Balancer "${provider[@]}" \
        "Certificate=$certificate" "Office=$office" \
        "CustomerProduction=$customer" "EmployeeProduction=$employee" \
        "CustomerTest=$customer_test" "EmployeeTest=$employee_test"
}

phase_5() {
    local ranges names name ipv6='' addresses=ipv4
    need 3
    need 4
    find_office
    find_controller
    [ -n "$certificate" ] || certificate=$(parameter listeners Certificate)
    find_oidc
    names=$([ -z "$certificate" ] || certificate_names "$certificate")
    IFS=, read -r -a ranges <<<"$office,,,"
    [[ $office != *:* ]] || ipv6=yes
    # Once it has IPv6 addresses, people may be using them.
    [ -n "$ipv6" ] || ipv6=$(parameter network Ipv6)
    [ -z "$ipv6" ] || addresses=dualstack
    apply_network "${certificate:+yes}" "$ipv6" "${ranges[@]:0:3}" "$sign_in"
    stack balancer balancer network.VpcId network.PublicSubnet1 \
        network.PublicSubnet2 network.BalancerGroup \
        "AddressType=$addresses"
    apply_listeners
    define_tasks
    say "The load balancer: $(output balancer Address)"
    for name in $names; do
        say "https://$name, once that is a name of the load balancer (an" \
            "alias or CNAME in DNS)"
    done
}

phase_6() {
    local customer employee
    need 4
    need 5
    find_controller
    # The services of ECS name the alarms, so those have to be there.
    [ "$controller" != ecs ] || apply_codedeploy
    customer=$(service_status customer)
    employee=$(service_status employee)
    [ "$customer" = ACTIVE ] || [ "$employee" = ACTIVE ] || migrate
    create_service customer Customer
    create_service employee Employee
    # What they were created with stays: a push starts pipelines.
    push_deployment --keep "$folder"/create-*.json
}

# Alarms and whom they tell, then the deployments that two of them end.
apply_codedeploy() {
    local groups=(balancer.BalancerName balancer.CustomerTgOne
        balancer.CustomerTgTwo balancer.EmployeeTgOne balancer.EmployeeTgTwo)
    [ -n "$mail" ] || mail=$(parameter watch Mail)
    stack watch watch "Mail=$mail" "${groups[@]}"
    stack codedeploy codedeploy listeners.Production listeners.Test \
        watch.Topic "Controller=$controller" "${groups[@]}"
}

phase_7() {
    local name
    need 5
    need_services
    find_source
    find_controller
    apply_codedeploy
    for name in $services; do
        stack "pipeline-$name" pipeline "Service=$name" \
            "Connection=$connection" "Repository=$repository" "Branch=$branch" \
            "Controller=$controller"
    done
    [ -n "$mail" ] || say "Nobody is told of alarms: see --mail."
    say "Each pipeline runs once on its own, then after every push of an image."
}

# At least as many tasks as there would be without it.
find_most_tasks() {
    [ -n "$most_tasks" ] || most_tasks=$(parameter scaling MostTasks)
    [ -n "$most_tasks" ] || return 0
    least=$(parameter scaling EmployeeTasks)
    [ -n "$least" ] || least=$(ask ecs describe-services --cluster "$cluster" \
        --services employee-microservice --query 'services[0].desiredCount')
    if [ "$most_tasks" -lt 3 ] || [ "$most_tasks" -lt "$least" ]; then
        fail "--most-tasks: customer has 3 tasks and employee $least, which is" \
            "more than $most_tasks"
    fi
}

apply_scaling() {
    stack scaling scaling balancer.BalancerName balancer.CustomerTgOne \
        balancer.CustomerTgTwo balancer.EmployeeTgOne balancer.EmployeeTgTwo \
        CustomerTasks=3 "EmployeeTasks=$least" "MostTasks=$most_tasks"
}

# Conditions only: where a rule leads to is CodeDeploy's business, or ECS's.
phase_8() {
    local name rule least
    need 7
    need_services
    find_office
    find_most_tasks
    for name in ProductionAdmin TestAdmin; do
        rule=$(output listeners $name)
        change aws elbv2 modify-rule --rule-arn "$rule" --conditions \
            "Field=path-pattern,PathPatternConfig={Values=[/admin,/admin/*]}" \
            "Field=source-ip,SourceIpConfig={Values=[$office]}" >/dev/null
        say "$name leads to $(ask elbv2 describe-rules --rule-arns "$rule" \
            --query "Rules[0].Actions[-1] | $leads_to")"
    done
    if [ -n "$(parameter listeners OidcIssuer)" ]; then
        rule=$(output listeners Api)
        change aws elbv2 modify-rule --rule-arn "$rule" --conditions \
            "Field=path-pattern,PathPatternConfig={Values=[/admin/api/*]}" \
            "Field=http-header,HttpHeaderConfig={HttpHeaderName=Authorization,Values=['Bearer *']}" \
            "Field=source-ip,SourceIpConfig={Values=[$office]}" >/dev/null
    fi
    if [ -n "$most_tasks" ]; then
        apply_scaling
    else
        change aws ecs update-service --cluster "$cluster" \
            --service customer-microservice --desired-count 3 >/dev/null
    fi
    say "Now push a new image of employee; its pipeline deploys it."
}
