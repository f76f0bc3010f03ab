#!/bin/sh
# Start Zipotify in containers: deploy/start.sh [light|full]. Makes deploy/.env with random secrets the first time.
set -eu
umask 077
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
profile=${1:-light}
case $profile in light | full) ;; *) echo "unknown profile '$profile': use light or full" >&2 && exit 2 ;; esac

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

make_env() {
    while IFS= read -r line; do
        case $line in
        *=generate) printf '%s=%s\n' "${line%=generate}" "$(random)" ;;
        *) printf '%s\n' "$line" ;;
        esac
    done <"$here/.env.example" >"$here/.env.new"
    mv "$here/.env.new" "$here/.env"
    echo "wrote $here/.env with new secrets"
}

[ -f "$here/.env" ] || make_env
[ "${2:-}" != --env-only ] || exit 0
if [ "$profile" = full ]; then
    password=$(sed -n 's/^POSTGRES_PASSWORD=//p' "$here/.env")
    export SERVING_URL="postgresql+psycopg://zipotify:$password@postgres:5432/zipotify"
fi
exec docker compose --project-directory "$here" --file "$here/compose.yaml" --profile "$profile" up --build --detach
