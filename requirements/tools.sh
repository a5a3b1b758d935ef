#!/bin/sh
# Fetches what the local lab needs and this machine lacks. Prometheus comes as its project's archive, or, for root on
# Debian and Ubuntu, as the system's package; otherwise brokerlab's own sentence says what to do, and this fails.
set -eu
brokerlab=$1

if "$brokerlab" doctor --fix; then
    exit 0
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "trying the system's packages instead. Debian starts a service with its prometheus; brokerlab needs none:" >&2
    echo "    systemctl disable --now prometheus" >&2
    apt-get update -qq
    exec "$brokerlab" doctor --fix --system
fi
exit 4
