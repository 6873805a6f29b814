#!/usr/bin/env bash
# Finds the trunkline that the checks use: the one that is named, or a release's, whose checksum must fit.
#
#   TRUNKLINE_BINARY    a file that is there already
#   TRUNKLINE_VERSION   else the release, such as v1.2.0
#   TRUNKLINE_RELEASES  where releases are [https://github.com/trunkline/trunkline/releases/download]
set -euo pipefail

fail() {
    echo "::error title=trunkline::$*" >&2
    exit 2
}

binary=${TRUNKLINE_BINARY:-}
if [ -z "$binary" ]; then
    version=${TRUNKLINE_VERSION:?the release to use}
    releases=${TRUNKLINE_RELEASES:-https://github.com/trunkline/trunkline/releases/download}
    case "$(uname -s)-$(uname -m)" in
        Linux-x86_64) target=x86_64-unknown-linux-musl ;;
        Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
        *) fail "there is no released binary for $(uname -s) on $(uname -m): build one, and name it with \`binary\`" ;;
    esac
    directory=$(mktemp -d "${RUNNER_TEMP:-/tmp}/trunkline.XXXXXX")
    name=trunkline-$target
    for file in "$name" "$name.sha256"; do
        curl --fail --silent --show-error --location --retry 3 --output "$directory/$file" "$releases/$version/$file" ||
            fail "cannot fetch $releases/$version/$file"
    done
    # The file says `SUM  NAME`.
    (cd "$directory" && sha256sum --check --strict --quiet "$name.sha256") ||
        fail "the checksum of $name $version does not fit: nothing was run"
    binary=$directory/$name
    chmod +x "$binary"
fi

# What is named may be relative to the workspace.
binary=$(realpath "$binary") || fail "$binary: no such file"
"$binary" --version >&2 || fail "$binary does not run"
[ -z "${GITHUB_OUTPUT:-}" ] || echo "binary=$binary" >>"$GITHUB_OUTPUT"
[ -n "${GITHUB_OUTPUT:-}" ] || echo "$binary"
