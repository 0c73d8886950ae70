#!/usr/bin/env bash
# The one script of this repository; './build.sh help' lists its verbs. Works from any folder.
set -euo pipefail

root="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
cd -- "$root"
configuration=Release
logs="$root/artifacts/logs"
bin="$root/artifacts/bin"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# Build servers that outlive the build would keep a caller's pipes open.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0

fail() {
  printf 'build.sh: %s\n' "$1" >&2
  exit 1
}

# step LABEL COMMAND...: runs the command quietly; one line if it succeeds, its whole output if it does not.
step() {
  local label="$1" log started=$SECONDS
  shift
  mkdir -p "$logs"
  log="$logs/$(printf '%s' "$label" | tr -cs '[:alnum:]' '-').log"
  # A subshell of its own, so that 'fail' inside it ends the command and its sentence reaches the log.
  if ! ("$@") >"$log" 2>&1; then
    cat -- "$log" >&2
    fail "$label failed; its output is above and in $log"
  fi
  printf '%s (%d s)\n' "$label" $((SECONDS - started))
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "installing packages needs root: run 'apt-get install ${missing[*]}' as root, then again"
  fi
}

# Whether the CUDA kernels can be compiled with what is there: nvcc, or a clang from 16 on that knows NVIDIA's devices.
has_kernel_compiler() {
  local clang
  command -v nvcc >/dev/null || [ -x /usr/local/cuda/bin/nvcc ] || [ -x /opt/cuda/bin/nvcc ] && return
  for clang in clang++-22 clang++-21 clang++-20 clang++-19 clang++-18 clang++-17 clang++-16 clang++; do
    command -v "$clang" >/dev/null || continue
    [ "$("$clang" -dumpversion | cut -d. -f1)" -ge 16 ] && [[ "$("$clang" -print-targets)" == *nvptx64* ]] && return
  done
  return 1
}

setup_packages() {
  missing=()
  if ! command -v dpkg-query >/dev/null; then
    local tool
    for tool in cmake ninja c++; do
      command -v "$tool" >/dev/null || fail "$tool is missing: install CMake 3.20, Ninja, a C++17 compiler and oneDNN 2.6 or newer"
    done
    has_kernel_compiler || fail "a compiler for the CUDA kernels is missing: install clang 16 or newer, or the CUDA toolkit"
    return
  fi
  local package
  for package in libdnnl-dev cmake ninja-build g++; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
  done
  has_kernel_compiler || missing+=(clang-19)
  [ ${#missing[@]} -gt 0 ] || return 0
  step "apt-get update" as_root apt-get update -qq
  step "apt-get install ${missing[*]}" as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# Tests look at pages with a browser; where it is missing and cannot be installed, they are skipped.
setup_browser() {
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null && return
  local log="$logs/chromium.log" started=$SECONDS root_command=(sudo -n)
  [ "$(id -u)" -ne 0 ] || root_command=(env)
  mkdir -p "$logs"
  if command -v apt-get >/dev/null && "${root_command[@]}" apt-get update -qq >"$log" 2>&1 &&
    "${root_command[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >>"$log" 2>&1; then
    printf 'apt-get install chromium (%d s)\n' $((SECONDS - started))
  else
    printf 'there is no Chromium, and it could not be installed: tests that need a browser are skipped\n'
  fi
}

setup_dotnet() {
  if ! command -v dotnet >/dev/null && [ -x "${HOME:-}/.dotnet/dotnet" ]; then
    export DOTNET_ROOT="$HOME/.dotnet" PATH="$HOME/.dotnet:$PATH"
  fi
  # global.json decides which SDKs will do, so asking here asks exactly what the build will.
  dotnet --version >/dev/null 2>&1 ||
    fail "the .NET 10 SDK is missing: get it from https://dotnet.microsoft.com/download/dotnet/10.0 or from your distribution (dotnet-sdk-10.0)"
}

setup() {
  setup_packages
  setup_dotnet
}

build_native() {
  cmake -S native -B artifacts/native-build -G Ninja -DCMAKE_BUILD_TYPE="$configuration" &&
    cmake --build artifacts/native-build
}

# One compiler serves all projects, and is stopped afterwards.
build_solution() {
  local code=0
  dotnet build Sunet.Native.sln -c "$configuration" -v quiet -p:UseSharedCompilation=true || code=$?
  dotnet build-server shutdown --vbcscompiler
  return "$code"
}

build() {
  setup
  step "native libraries" build_native
  step "solution" build_solution
}

# attribute FILE NAME: the sum of an attribute over the <assembly> elements of an xUnit report.
attribute() {
  awk -v RS='>' -v name=" $2=\"" '
    /<assembly / { at = index($0, name); if (at) { rest = substr($0, at + length(name)); sum += substr(rest, 1, index(rest, "\"") - 1) } }
    END { print sum + 0 }' "$1"
}

# run_tests NAME LABEL [FILTER...]: runs the tests of one project that the filters leave, and writes how many passed, failed and were
# skipped to artifacts/test-results/LABEL.counts; a run without results is one failure.
run_tests() {
  local name="$1" label="$2" report log profile=1 threads="" code=0 p=0 f=0 s=0 started=$SECONDS
  shift 2
  report="$root/artifacts/test-results/$label.xml"
  log="$logs/$label.log"
  rm -f -- "$report"
  # Most tests run their code too briefly for what a profile of it costs; the reference's loops are long enough.
  [ "$name" = Sunet.Native.Tests ] || profile=0
  # Processes that share the processors leave each other's threads room instead of spinning at barriers. oneDNN's own barriers spin all the
  # same, so a network runs on one thread where its test does not ask for more.
  [[ "$label" == *-alone ]] || threads=1
  OMP_WAIT_POLICY=passive OMP_NUM_THREADS="$threads" DOTNET_TieredPGO="$profile" "$bin/$name/release/$name" --no-ansi --progress off --results-directory "${report%/*}" \
    --report-xunit-xml --report-xunit-xml-filename "${report##*/}" "$@" >"$log" 2>&1 || code=$?
  if [ -s "$report" ]; then
    p=$(attribute "$report" passed)
    f=$(($(attribute "$report" failed) + $(attribute "$report" errors)))
    s=$(attribute "$report" skipped)
  fi
  if [ $((p + f)) -eq 0 ] || { [ "$code" -ne 0 ] && [ "$f" -eq 0 ]; }; then
    f=$((f + 1))
    printf '%s: ended with exit code %d after %d tests; counted as a failure\n' "$label" "$code" "$p" >&2
  fi
  [ "$f" -eq 0 ] || cat -- "$log" >&2
  printf '%s: %d passed, %d failed, %d skipped (%d s)\n' "$label" "$p" "$f" "$s" $((SECONDS - started))
  printf '%d %d %d\n' "$p" "$f" "$s" >"$root/artifacts/test-results/$label.counts"
}

# Which tests of Sunet.Native.Tests make a process of their own, so that all lanes end at about the same time.
device_tests=("Sunet.Native.Tests.Backends.Cuda*" Sunet.Native.Tests.Interop.Cuda Sunet.Native.Tests.Emulation)
verification_tests=(Sunet.Native.Tests.Golden Sunet.Native.Tests.Verification)

# What a step allocates is measured alone, and teams of several threads that wait for each other cost a multiple beside other tests.
alone_tests=Processors=all

# run_label LABEL: a project's tests, or a part of those of Sunet.Native.Tests.
run_label() {
  case "$1" in
    *-devices) run_tests Sunet.Native.Tests "$1" --filter-namespace "${device_tests[@]}" ;;
    *-verification) run_tests Sunet.Native.Tests "$1" --filter-namespace "${verification_tests[@]}" ;;
    *-alone) run_tests Sunet.Native.Tests "$1" --filter-trait "$alone_tests" ;;
    Sunet.Native.Tests)
      run_tests "$1" "$1" --filter-not-namespace "${device_tests[@]}" "${verification_tests[@]}" --filter-not-trait "$alone_tests"
      ;;
    *) run_tests "$1" "$1" ;;
  esac
}

run_all_tests() {
  local label lanes passed=0 failed=0 skipped=0 p f s project
  # The longest first.
  local labels=(Sunet.Native.Tests-devices Sunet.Native.Tests Sunet.Cli.Tests Sunet.Native.Tests-verification)
  rm -rf -- artifacts/test-results
  mkdir -p "$logs" artifacts/test-results
  for project in tests/*/*.csproj; do
    label="$(basename -- "$project" .csproj)"
    [[ " ${labels[*]} " == *" $label "* ]] || labels+=("$label")
  done

  # Most tests keep one processor busy, so as many processes run side by side as there are processors, up to four.
  lanes="$(getconf _NPROCESSORS_ONLN)"
  for label in "${labels[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge $((lanes < 4 ? lanes : 4)) ]; do
      wait -n || true
    done
    run_label "$label" &
  done
  wait

  labels+=(Sunet.Native.Tests-alone)
  run_label Sunet.Native.Tests-alone
  for label in "${labels[@]}"; do
    p=0 f=1 s=0
    if [ -s "artifacts/test-results/$label.counts" ]; then
      read -r p f s <"artifacts/test-results/$label.counts"
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  done
  if [ "$skipped" -gt 0 ]; then
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  else
    printf '%d passed, %d failed\n' "$passed" "$failed"
  fi
  [ "$failed" -eq 0 ]
}

demo() {
  build
  local sunet="$bin/Sunet.Cli/release/sunet" weights=demo/train/exp/weights/best.safetensors result miou started=$SECONDS
  rm -rf -- demo
  "$sunet" data synth --out demo/data --train 300 --val 40
  "$sunet" train --data demo/data --project demo/train
  "$sunet" val --data demo/data --weights "$weights"
  "$sunet" predict --weights "$weights" --source 'demo/data/JPEGImages/scene_00030*.jpg' --project demo/predict \
    --scales 0.5,0.75,1,1.25 --flip
  result="$("$sunet" val --data demo/data --weights "$weights" --quiet --json)"
  miou="$(sed -n 's/.*"mIoU":\([0-9.]*\).*/\1/p' <<<"$result")"
  printf 'pictures: %s\ncurves and weights: %s\n' "$root/demo/predict/exp" "$root/demo/train/exp"
  awk -v miou="${miou:-0}" 'BEGIN { exit !(miou >= 90) }' || fail "the validation mIoU is ${miou:-unknown} %, and the demo should reach 90 %"
  printf 'validation mIoU %s %% after %d s\n' "$miou" $((SECONDS - started))
}

bench() {
  build
  local arguments=("$@")
  [ $# -gt 0 ] || arguments=(--filter '*')
  "$bin/Sunet.Bench/release/Sunet.Bench" --artifacts "$root/artifacts/bench" "${arguments[@]}"
}

guard() {
  build
  "$bin/Sunet.Bench/release/Sunet.Bench" guard "$@"
}

# Thousands of damaged inputs of every format through the console; what each format did, or the inputs that went wrong.
mutate() {
  local inputs="${1:-20000}" seed="${2:-1}" log="$logs/mutations.log" code=0
  build
  mkdir -p "$logs"
  SUNET_MUTATIONS="$inputs" SUNET_MUTATION_SEED="$seed" "$bin/Sunet.Mutation.Tests/release/Sunet.Mutation.Tests" --no-ansi --progress off \
    --output Detailed >"$log" 2>&1 || code=$?
  if [ "$code" -ne 0 ]; then
    cat -- "$log" >&2
    fail "a damaged input went wrong, as told above and in $log; an input that ended the process is in ${TMPDIR:-/tmp}/sunet-mutation"
  fi
  awk '/ inputs, .* accepted, /{ sub(/^ +/, ""); print; name = $0; sub(/^.*: /, "", name); sum += name } END { print sum " inputs, none went wrong" }' "$log"
}

# Lists the public API of the libraries anew. Where the files are there, a public member that they do not list fails the build.
api() {
  local project
  setup_dotnet
  for project in Sunet.Native Sunet.Native.Hosting Sunet.Data Sunet.Onnx; do
    [ -e "src/$project/PublicAPI.Shipped.txt" ] || printf '#nullable enable\n' >"src/$project/PublicAPI.Shipped.txt"
    printf '#nullable enable\n' >"src/$project/PublicAPI.Unshipped.txt"
    step "public API of $project" dotnet format analyzers "src/$project/$project.csproj" --diagnostics RS0016 --severity info
    printf '%s: %d members\n' "src/$project/PublicAPI.Unshipped.txt" $(($(wc -l <"src/$project/PublicAPI.Unshipped.txt") - 1))
  done
}

# A folder that runs where there is a GPU and nothing else: the console compiled ahead of time, with kernels and golden cases inside.
gpu_pack() {
  build
  local pack="$root/artifacts/gpu-pack" bytes
  rm -rf -- "$pack"
  step "console, compiled ahead of time" dotnet publish src/Sunet.Cli -c "$configuration" -r linux-x64 -p:PublishAot=true \
    -p:DebugType=none -p:StripSymbols=true -p:BundleOnnxRuntime=false -o "$pack" -v quiet
  rm -f -- "$pack"/*.dbg "$pack"/*.pdb "$pack"/*.xml
  cat >"$pack/run.txt" <<'TEXT'
Needs Linux on x64, an NVIDIA driver for CUDA 12 or newer, cuDNN 9 and cuBLASLt; no .NET, no Python.

  ./sunet doctor                          what was found, and what is missing
  ./sunet selftest --device cuda:0        every op and whole networks against float64, in float32, TF32 and bf16; exit code 0 or 3;
                                          --precision bf16 --only training makes some of the checks alone
  ./sunet bench --device cuda:0 --model sunet64 --train --batch 4 --precision bf16
                                          the time of every layer of a training step; without --train, of a prediction

Libraries are looked for where the system's loader looks, in /usr/local/cuda, and among Python's nvidia-* packages. Where they are
elsewhere, name the folders: SUNET_NATIVE_PATH=/path/to/cudnn/lib:/path/to/cublas/lib ./sunet doctor
TEXT
  bytes="$(du -sb -- "$pack" | cut -f1)"
  printf '%s: %d bytes\n' "$pack" "$bytes"
  [ "$bytes" -lt 40000000 ] || fail "the pack has $bytes bytes, and should stay under 40 MB"
}

usage() {
  cat <<'TEXT'
usage: ./build.sh VERB

  setup        install what is missing (Debian, Ubuntu) and check for the .NET 10 SDK
  build        setup, then the native libraries and the solution, into artifacts/
  test         build, then every test project; the last line is the sum. Installs Chromium for the tests that look at pages, or skips them
  demo         build, then synthetic data, training, validation and pictures, into demo/
  gpu-pack     build, then artifacts/gpu-pack: a console for machines with a GPU and no .NET
  bench [...]  build, then the benchmarks; arguments such as --filter '*Inference*' pass through
  guard [...]  build, then measure what must not become worse: time, memory, overhead and growth on the CPU against their bars;
               exit code 1 if one is not held; --only NAME,NAME and --quick pass through
  mutate [N] [SEED]
               build, then N damaged inputs (20000) of every format through the console: none may hang, crash or fill the memory
  api          list the public API of the libraries anew, in their PublicAPI.Unshipped.txt
  clean        remove artifacts/ and demo/
  help         this text
TEXT
}

verb="${1:-help}"
[ $# -eq 0 ] || shift
case "$verb" in
  setup) setup ;;
  build) build ;;
  test)
    setup_browser
    build
    run_all_tests
    ;;
  demo) demo ;;
  gpu-pack) gpu_pack ;;
  bench) bench "$@" ;;
  guard) guard "$@" ;;
  mutate) mutate "$@" ;;
  api) api ;;
  clean) rm -rf -- artifacts demo ;;
  help | --help | -h) usage ;;
  *)
    usage >&2
    fail "there is no verb '$verb'"
    ;;
esac
