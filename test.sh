#!/usr/bin/env bash
# Sets up and runs every test: units, and the daemon end to end, in a release, an ASan+UBSan and a TSan build; both
# official clients; the house rules; what a hit costs; the form of the code. Ends with `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")"

passed=0
failed=0
step() { # step NAME COMMAND...
    local name="$1" begun=$SECONDS outcome=passed
    shift
    echo "== $name"
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        outcome=FAILED
    fi
    echo "== $name: $outcome in $((SECONDS - begun)) s"
}

# Several files to a compiler: half the time, where all of them have to be compiled.
build() { cmake --preset "$1" -DCMAKE_UNITY_BUILD=ON >/dev/null && cmake --build --preset "$1" -- --quiet; }
units() { ctest --test-dir "build/$1" --output-on-failure; }
sources() { git ls-files -- '*.cpp' '*.hpp'; }
formatted() { sources | xargs clang-format --dry-run --Werror; }
tidy() { # wants each file's own command line
    cmake --preset debug >/dev/null || return 1
    git ls-files -- 'base/*.cpp' 'batch/*.cpp' 'cache/*.cpp' 'config/*.cpp' |
        xargs -P "$(nproc)" -n 2 clang-tidy -p build/debug --quiet --extra-arg=-Wno-unknown-warning-option 2>/dev/null
}
python_tests() { # python_tests PRESET PATH...
    local build="$PWD/build/$1"
    shift
    NOMADIC_CLIENT_0_1_53_PYTHON="$PWD/.venv/client-0.1.53/bin/python" \
    NOMADIC_CLIENT_0_1_64_PYTHON="$PWD/.venv/client-0.1.64/bin/python" \
    NOMADIC_BUILD="$build" \
        .venv/tests/bin/python -m pytest -q -n 4 "$@" # they mostly wait for each other's answers
}

fuzz() { # each kind of outside bytes for FUZZ_SECONDS; the corpora's inputs first
    build fuzz || return 1
    local found
    found=$(mktemp -d)
    find build/fuzz/fuzz -maxdepth 1 -name 'fuzz_*' -executable -printf '%f\n' | sed 's/^fuzz_//' |
        xargs -P "$(nproc)" -I NAME sh -c "mkdir -p '$found/NAME' &&
            build/fuzz/fuzz/fuzz_NAME -max_total_time=${FUZZ_SECONDS:-20} -artifact_prefix='$found/' '$found/NAME' \
                fuzz/corpus/NAME >'$found/NAME.log' 2>&1 || { tail -30 '$found/NAME.log'; exit 1; }"
}

scripts/setup.sh || exit 1
export LDFLAGS=-fuse-ld=mold # three builds of many programs: linking them takes minutes otherwise
for preset in release asan-ubsan tsan; do
    step "build ($preset)" build "$preset"
    step "units ($preset)" units "$preset"
done
step "end to end, the official clients, the house rules (release)" python_tests release tests/e2e tests/house
step "counted instructions (release)" python_tests release tests/perf
sanitized=(tests/e2e/test_{native,faults,forwarding,hits,invalidation,waiting,watch}.py)
step "end to end (asan-ubsan)" python_tests asan-ubsan "${sanitized[@]}" tests/e2e/test_{hostile,cache_attacks}.py
step "end to end (tsan)" python_tests tsan "${sanitized[@]}"
step "fuzz" fuzz
step "clang-format" formatted
step "clang-tidy" tidy

echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
