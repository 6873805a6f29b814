#!/usr/bin/env bash
# Everything that a pull request of routes is asked: formatting, validation, tests, and which calls it re-routes.
#
# Works in a checkout, on GitHub or by hand:
#
#   TRUNKLINE            the program [trunkline]
#   ROUTES_CONFIG        the root file or its directory [what trunkline finds here]
#   ROUTES_BASE          the revision to compare with [where HEAD parted from its target]
#   ROUTES_MAX_CHANGE    as `plan --max-change`
#   ROUTES_DENY          `warnings`: they fail too
#   ROUTES_MIN_COVERAGE  as `test --min-coverage`
#   ROUTES_COMMENT       `true`: keep one comment of the pull request up to date
#   ROUTES_TOKEN         for that
#   ROUTES_MARKDOWN      where the comment's text is written [a temporary file]
#
# Standard output has the annotations; the text also goes to $GITHUB_STEP_SUMMARY.
# Exit codes are trunkline's: 0 clean, 1 findings, 2 could not answer, 3 refused by a guard; 2 > 3 > 1.
set -uo pipefail

trunkline=${TRUNKLINE:-trunkline}
work=$(mktemp -d "${RUNNER_TEMP:-/tmp}/routes.XXXXXX")
trap 'rm -rf "$work"' EXIT
markdown=${ROUTES_MARKDOWN:-$(mktemp "${RUNNER_TEMP:-/tmp}/routes-XXXXXX.md")}
config=()
[ -z "${ROUTES_CONFIG:-}" ] || config=(-c "$ROUTES_CONFIG")
# One comment for each set of files that a repository holds.
marker="<!-- trunkline routes: ${ROUTES_CONFIG:-.} -->"

# worse CODE: remembers the exit code that counts most.
status=0
worse() {
    local rank=(0 1 3 2)
    local code=$1
    [ "$code" -le 3 ] || code=2
    [ "${rank[$code]}" -le "${rank[$status]}" ] || status=$code
}

# step NAME COMMAND...: runs a check of which the output is kept; its exit code is in $code.
step() {
    local name=$1
    shift
    GITHUB_STEP_SUMMARY="$work/$name.table" "$@" >"$work/$name.out" 2>"$work/$name.err"
    code=$?
    worse "$code"
}

mark() {
    case $1 in 0) printf '✅' ;; 3) printf '🛑' ;; *) printf '❌' ;; esac
}

# What a command printed, folded away.
folded() {
    [ -s "$2" ] || return 0
    printf '\n<details><summary>%s</summary>\n\n```text\n' "$1"
    # A comment holds 65,536 characters; the log has everything.
    head -c 12000 "$2" | sed 's/```/` ` `/g'
    printf '\n```\n\n</details>\n'
}

# The revision to compare with; nothing where there is none, as at a first commit. Where there should be one and is not, it
# fails and says why: a comparison that is left out in silence would let everything pass.
base() {
    if [ -n "${ROUTES_BASE:-}" ]; then
        if ! git rev-parse --quiet --verify "$ROUTES_BASE^{commit}" >/dev/null; then
            echo "git knows no revision $ROUTES_BASE"
            return 2
        fi
        git merge-base "$ROUTES_BASE" HEAD || git rev-parse "$ROUTES_BASE^{commit}"
    elif [ -n "${GITHUB_BASE_REF:-}" ]; then
        git merge-base "origin/$GITHUB_BASE_REF" HEAD && return
        echo "HEAD and origin/$GITHUB_BASE_REF have no commit in common here: check out with fetch-depth: 0"
        return 2
    elif [ "$(git rev-parse --is-shallow-repository)" = true ]; then
        echo "the checkout has no history to compare with: check out with fetch-depth: 0"
        return 2
    elif [ -f "${GITHUB_EVENT_PATH:-}" ] && command -v jq >/dev/null; then
        local before
        before=$(jq -r '.before // empty' "$GITHUB_EVENT_PATH")
        if git cat-file -e "$before^{commit}" 2>/dev/null; then echo "$before"; else git rev-parse --quiet --verify HEAD^; fi
    else
        git rev-parse --quiet --verify HEAD^
    fi
    return 0
}

# Whether a revision has the files that are asked about.
has_files() {
    local path=${ROUTES_CONFIG:-.} name
    for name in "$path" "$path/trunkline.yaml" "$path/routes.yaml"; do
        [ "$(git cat-file -t "$1:./$name" 2>/dev/null)" != blob ] || return 0
    done
    return 1
}

: >"$work/rows"
row() { printf '| %s | %s | %s |\n' "$(mark "$2")" "$1" "$3" >>"$work/rows"; }

step fmt "$trunkline" fmt --check "${config[@]}"
sed -n 's/^would change: //p' "$work/fmt.out" >"$work/untidy"
while read -r file; do
    echo "::error file=$file,title=trunkline fmt::not formatted: run \`trunkline fmt\`"
done <"$work/untidy"
case $code in
    0) row 'fmt --check' 0 'as it should be' ;;
    1) row 'fmt --check' 1 "$(grep -c . "$work/untidy") files to be formatted: run \`trunkline fmt\`" ;;
    *) row 'fmt --check' "$code" 'could not answer' ;;
esac
fmt=$code

deny=()
[ -z "${ROUTES_DENY:-}" ] || deny=(--deny "$ROUTES_DENY")
step validate "$trunkline" validate --format github "${deny[@]}" "${config[@]}"
cat "$work/validate.out"
row 'validate' "$code" "$(sed -n 's/^### validate: //p' "$work/validate.table" 2>/dev/null | head -1)"
validate=$code

valid=0
"$trunkline" validate --format human -q "${config[@]}" >/dev/null 2>&1 || valid=1
tests='' plan='' against=''
if [ "$valid" = 0 ]; then
    coverage=(--coverage)
    [ -z "${ROUTES_MIN_COVERAGE:-}" ] || coverage+=(--min-coverage "$ROUTES_MIN_COVERAGE")
    step test "$trunkline" test "${coverage[@]}" --format github "${config[@]}"
    cat "$work/test.out"
    tests=$code
    # The annotations have the failures; people read this.
    "$trunkline" test "${coverage[@]}" --format human --color never "${config[@]}" >"$work/test.human" 2>/dev/null
    row 'test --coverage' "$code" "$(tail -1 "$work/test.human" | sed 's/|/\\|/g')"

    if ! against=$(base 2>/dev/null); then
        worse 2
        row 'plan' 2 "could not answer: $against"
        echo "::error title=trunkline plan::$against"
        against=''
    elif [ -z "$against" ]; then
        row 'plan' 0 'nothing to compare with'
    elif ! has_files "$against"; then
        row 'plan' 0 "nothing to compare with: ${against:0:7} has no such files"
        against=''
    else
        limit=()
        [ -z "${ROUTES_MAX_CHANGE:-}" ] || limit=(--max-change "$ROUTES_MAX_CHANGE")
        step plan "$trunkline" plan --from "$against" "${limit[@]}" --format human --markdown "${config[@]}"
        plan=$code
        case $code in
            0) row 'plan' 0 "$(sed -n 's/^### trunkline plan: //p' "$work/plan.out" | head -1)" ;;
            3) row 'plan' 3 'refused by a guard: see below how to go on' ;;
            *) row 'plan' "$code" 'could not answer' ;;
        esac
        if [ "$code" != 0 ]; then
            reason=$(grep -m1 '^refused' "$work/plan.out" || tail -1 "$work/plan.err")
            echo "::error title=trunkline plan::${reason:-exit code $code}"
        fi
    fi
else
    row 'test, plan' 1 'not run: the files have errors'
fi

{
    echo "$marker"
    case $status in
        0) echo '## ✅ Routes' ;;
        3) echo '## 🛑 Routes: refused by a guard' ;;
        *) echo '## ❌ Routes' ;;
    esac
    printf '\n| | check | result |\n|---|---|---|\n'
    cat "$work/rows"
    if [ -n "$plan" ]; then
        echo
        cat "$work/plan.out"
        [ "$plan" = 0 ] || [ "$plan" = 3 ] || folded 'what plan said' "$work/plan.err"
    fi
    if [ -s "$work/validate.table" ] && [ "$(wc -l <"$work/validate.table")" -gt 2 ]; then
        printf '\n<details%s><summary>validate</summary>\n\n' "$([ "$validate" = 0 ] || echo ' open')"
        head -c 20000 "$work/validate.table"
        printf '\n</details>\n'
    fi
    [ "$validate" -lt 2 ] || folded 'what validate said' "$work/validate.err"
    [ "${tests:-0}" = 0 ] || folded 'what test said' "$work/test.human"
    if [ "$fmt" != 0 ]; then
        "$trunkline" fmt --diff "${config[@]}" >"$work/fmt.diff" 2>&1
        folded 'what fmt would change' "$work/fmt.diff"
    fi
} >"$markdown"

[ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$markdown" >>"$GITHUB_STEP_SUMMARY"
[ -z "${GITHUB_OUTPUT:-}" ] || printf 'exit-code=%s\nmarkdown=%s\n' "$status" "$markdown" >>"$GITHUB_OUTPUT"

# api METHOD URL [DATA-FILE]
api() {
    local data=()
    [ $# -lt 3 ] || data=(--data-binary "@$3")
    curl --fail --silent --show-error --max-time 60 --request "$1" "${data[@]}" \
        --header "Authorization: Bearer $ROUTES_TOKEN" --header 'Accept: application/vnd.github+json' \
        --header 'Content-Type: application/json' "$2"
}

# Writes the comment, or writes it anew where it stands. A pull request from a fork has a token that may only read: then
# nothing is lost but the comment.
comment() {
    local number comments page=1 id='' answer
    number=$(jq -r '.pull_request.number // empty' "${GITHUB_EVENT_PATH:-/dev/null}" 2>/dev/null)
    [ -n "$number" ] || return 0
    comments="${GITHUB_API_URL:-https://api.github.com}/repos/$GITHUB_REPOSITORY/issues/$number/comments"
    # The body is cut where GitHub would refuse it.
    head -c 65000 "$markdown" | jq -Rs '{body: .}' >"$work/body.json"
    while [ -z "$id" ] && [ "$page" -le 20 ]; do
        answer=$(api GET "$comments?per_page=100&page=$page") || return 1
        id=$(jq -r --arg marker "$marker" 'map(select(.body | startswith($marker))) | first | .id // empty' <<<"$answer")
        [ "$(jq length <<<"$answer")" = 100 ] || break
        page=$((page + 1))
    done
    if [ -n "$id" ]; then
        api PATCH "${comments%/"$number"/comments}/comments/$id" "$work/body.json" >/dev/null
    else
        api POST "$comments" "$work/body.json" >/dev/null
    fi
}

if [ "${ROUTES_COMMENT:-false}" = true ] && [ -n "${ROUTES_TOKEN:-}" ]; then
    comment 2>"$work/comment.err" ||
        echo "::notice title=trunkline::no comment was written ($(head -1 "$work/comment.err")): the step summary has its text"
fi

exit "$status"
