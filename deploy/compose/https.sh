#!/bin/bash
# The load balancer with HTTPS, for the public. Some connections reach it through
# Docker's own proxy, those over IPv6 among them: they all come from the gateway
# of the network, and nobody knows whose they are. haproxy.cfg lets such clients
# see the customers' pages only.
set -euo pipefail
CAFE_GATEWAY=255.255.255.255
while read -r _ destination gateway _; do
    [ "$destination" = 00000000 ] || continue
    CAFE_GATEWAY=$(printf '%d.%d.%d.%d' "0x${gateway:6:2}" "0x${gateway:4:2}" \
        "0x${gateway:2:2}" "0x${gateway:0:2}")
done <"${CAFE_ROUTES:-/proc/net/route}"
export CAFE_GATEWAY
# HAProxy wants spaces between addresses, the daemons commas.
export CAFE_PROXIES="${CAFE_PROXIES//,/ }"
exec haproxy -W -db -f "${1:-/usr/local/etc/haproxy/haproxy.cfg}"
