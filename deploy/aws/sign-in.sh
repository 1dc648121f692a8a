# shellcheck shell=bash
# Sign-in by the load balancer (--oidc). Read by apply.sh.
# shellcheck disable=SC2154,SC2034

# What the file of --oidc names, in the order of the parameters.
oidc_names=(issuer authorization_endpoint token_endpoint userinfo_endpoint
    client_id client_secret_arn)
oidc_parameters=(OidcIssuer OidcAuthorization OidcToken OidcUserInfo
    OidcClient OidcSecret)
oidc_values=()

# A line of the file: "issuer: https://login.example".
read_oidc_line() {
    local i name=${1%%:*} value=${1#*:}
    value=${value#"${value%%[! ]*}"}
    for i in "${!oidc_names[@]}"; do
        if [ "$name" = "${oidc_names[i]}" ]; then
            [ -z "${oidc_values[i]:-}" ] ||
                fail "--oidc: $oidc has $name twice"
            oidc_values[i]=$value
            return
        fi
    done
    fail "--oidc: '$1' in $oidc is not one of ${oidc_names[*]}"
}

check_oidc_value() {
    local name=$1 value=$2
    case $name in
    client_id) [[ $value =~ ^[[:graph:]]+$ && $value != *[,\"\\]* ]] ;;
    client_secret_arn)
        [[ $value =~ ^arn:aws:secretsmanager:$region:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$ ]]
        ;;
    *) [[ $value =~ ^https://[A-Za-z0-9._~:/?=%-]+$ ]] ;;
    esac || fail "--oidc: $name in $oidc is '$value'; needed are URLs with" \
        "https, the client's id, and the ARN of a secret in $region whose" \
        "text is the client's secret"
}

# The file of --oidc, one "name: value" a line; "none" for no sign-in.
read_oidc() {
    local line i
    [ "$oidc" != none ] || return 0
    [ -f "$oidc" ] || fail "--oidc: there is no file '$oidc'"
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line%$'\r'}
        case $line in
        "" | \#*) ;;
        *) read_oidc_line "$line" ;;
        esac
    done <"$oidc"
    for i in "${!oidc_names[@]}"; do
        check_oidc_value "${oidc_names[i]}" "${oidc_values[i]:-}"
    done
}

# As said now, or else as in the last phase 5. $sign_in is empty without.
find_oidc() {
    local i
    if [ -z "$oidc" ]; then
        for i in "${!oidc_parameters[@]}"; do
            oidc_values[i]=$(parameter listeners "${oidc_parameters[i]}")
        done
    fi
    sign_in=${oidc_values[0]:+yes}
    [ -z "$sign_in" ] || [ -n "$certificate" ] ||
        fail "--oidc needs HTTPS: give --certificate ARN, too"
    # ECS changes one rule of a service; two lead to employee.
    [ -z "$sign_in" ] || [ "$controller" != ecs ] ||
        fail "--oidc and --controller ecs exclude each other: ECS would leave" \
            "the rule for programs behind; --oidc none ends the sign-in (see" \
            "PHASES.md)"
}

# Whether the stack of listeners has what was given.
oidc_is_known() {
    local i known
    for i in "${!oidc_parameters[@]}"; do
        known=$(parameter listeners "${oidc_parameters[i]}")
        [ "$known" = "${oidc_values[i]:-}" ] || return 1
    done
}

# Into the employees' task definition: the daemon takes names from tokens, and a
# container beside it fetches their keys.
fill_sign_in() {
    local file=$1 container balancer url
    balancer=$(output balancer Balancer)
    url=https://public-keys.auth.elb.$region.amazonaws.com
    fill "$here/sign-in-container.json" "<REGION>" "$region" \
        "<KEYS-URL>" "$url" \
        "<FETCH-KEYS>" "$(base64 <"$here/fetch-keys.sh" | tr -d '\n')"
    container=$(<"$folder/sign-in-container.json")
    fill "$file" $'        }\n    ],\n    "requiresCompatibilities"' \
        $'        },\n'"$container"$'\n    ],\n    "volumes": [{ "name": "keys" }],\n    "requiresCompatibilities"' \
        '"name": "APP_LOG",' '"name": "APP_IDENTITY_HEADER",
                    "value": "x-amzn-oidc-data"
                },
                {
                    "name": "APP_IDENTITY_SIGNER",
                    "value": "'"$balancer"'"
                },
                {
                    "name": "APP_IDENTITY_KEYS",
                    "value": "/keys/keys"
                },
                {
                    "name": "APP_IDENTITY_WANTED",
                    "value": "/keys/wanted"
                },
                {
                    "name": "APP_LOG",' \
        '"portMappings": [' '"dependsOn": [
                {
                    "containerName": "fetch-keys",
                    "condition": "HEALTHY"
                }
            ],
            "mountPoints": [
                {
                    "sourceVolume": "keys",
                    "containerPath": "/keys",
                    "readOnly": true
                }
            ],
            "portMappings": ['
}
