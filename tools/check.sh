#!/usr/bin/env bash
# Everything that can be checked without running the product. `make check` calls it from the repository root.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin

step() { printf '\n== %s\n' "$*"; }

step "ruff"
$bin/ruff check .
$bin/ruff format --check .

step "bandit"
$bin/bandit --quiet --recursive --severity-level medium -c pyproject.toml accounts calibration memory ofmemory privacy bench tools

step "mypy (strict)"
$bin/mypy accounts calibration memory ofmemory privacy bench tools deploy/*.py

step "import-linter"
$bin/lint-imports --no-cache

step "django-upgrade"
# request.headers copies every header at its first use; the hot path looks one up in META instead.
git ls-files '*.py' | xargs "$bin/django-upgrade" --target-version 5.2 --skip request_headers --check

step "djlint"
templates=$(git ls-files '*.html')
[ -z "$templates" ] || $bin/djlint --lint --profile=django $templates

step "migrations"
# Without a database Django can't compare histories and says so; what is compared here are models and files.
$bin/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

step "deployment check on production settings"
env DJANGO_SETTINGS_MODULE=ofmemory.settings.production \
    SECRET_KEY="$($bin/python -c 'import secrets; print(secrets.token_urlsafe(60))')" \
    DATABASE_URL=postgres://nobody@127.0.0.1:1/none KEYS_DATABASE_URL=postgres://nobody@127.0.0.1:1/keys \
    REDIS_URL=redis://127.0.0.1:1/0 BROKER_URL=redis://127.0.0.1:2/1 \
    ALLOWED_HOSTS=ofmemory.example KEK_PROVIDER=vault \
    $bin/python manage.py check --deploy --fail-level WARNING

step "OpenAPI description"
schema=$(mktemp) ropa=$(mktemp)
trap 'rm -f "$schema" "$ropa"' EXIT
$bin/python manage.py spectacular --validate --fail-on-warn --file "$schema"
diff -u docs/openapi.yaml "$schema" || { echo "docs/openapi.yaml is not what the code says: run 'make schema'."; exit 1; }

step "record of processing activities"
$bin/python manage.py ropa > "$ropa"
diff -u docs/ropa.md "$ropa" || { echo "docs/ropa.md is not what the registry says: run 'make ropa'."; exit 1; }

printf '\nAll checks passed.\n'
