# The one script of this repository for Windows; './build.ps1 help' lists its verbs. Elsewhere it hands over to build.sh.
[CmdletBinding()]
param(
  [Parameter(Position = 0)][string] $Verb = 'help',
  [Parameter(Position = 1, ValueFromRemainingArguments = $true)][string[]] $Rest = @()
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$root = $PSScriptRoot
if (-not ($PSVersionTable.PSEdition -eq 'Desktop' -or $IsWindows)) {
  & bash (Join-Path $root 'build.sh') $Verb @Rest
  exit $LASTEXITCODE
}

$env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'
$env:DOTNET_NOLOGO = '1'
$bin = Join-Path $root 'artifacts/bin'

function Stop-Build([string] $message) {
  Write-Error "build.ps1: $message" -ErrorAction Continue
  exit 1
}

function Invoke-Step([string] $label, [string] $program, [string[]] $arguments) {
  $output = & $program @arguments 2>&1
  if ($LASTEXITCODE -ne 0) {
    $output | Out-String | Write-Host
    Stop-Build "$label failed; its output is above."
  }
  Write-Host $label
}

function Invoke-Setup {
  if (-not (Get-Command cmake -ErrorAction SilentlyContinue)) {
    Stop-Build 'cmake is missing: install CMake 3.20 or newer and the C++ tools of Visual Studio.'
  }
  if (-not (Get-Command dotnet -ErrorAction SilentlyContinue)) {
    Stop-Build 'the .NET 10 SDK is missing: get it from https://dotnet.microsoft.com/download/dotnet/10.0.'
  }
  & dotnet --version *> $null
  if ($LASTEXITCODE -ne 0) {
    Stop-Build 'the .NET 10 SDK is missing: get it from https://dotnet.microsoft.com/download/dotnet/10.0.'
  }
  if (-not $env:CMAKE_PREFIX_PATH -and -not $env:VCPKG_ROOT) {
    Stop-Build "oneDNN is not in sight: run 'vcpkg install onednn' and set VCPKG_ROOT, or set CMAKE_PREFIX_PATH to where it is installed."
  }
}

function Invoke-Build {
  Invoke-Setup
  $configure = @('-S', 'native', '-B', 'artifacts/native-build')
  if ($env:VCPKG_ROOT) {
    $configure += "-DCMAKE_TOOLCHAIN_FILE=$(Join-Path $env:VCPKG_ROOT 'scripts/buildsystems/vcpkg.cmake')"
  }
  Invoke-Step 'native libraries: configure' 'cmake' $configure
  Invoke-Step 'native libraries: build' 'cmake' @('--build', 'artifacts/native-build', '--config', 'Release')
  Invoke-Step 'solution' 'dotnet' @('build', 'Sunet.Native.sln', '-c', 'Release', '-v', 'quiet')
}

function Invoke-Tests {
  $passed = 0; $failed = 0; $skipped = 0
  $results = Join-Path $root 'artifacts/test-results'
  foreach ($project in Get-ChildItem -Path (Join-Path $root 'tests') -Filter '*.csproj' -Recurse) {
    $name = $project.BaseName
    $report = Join-Path $results "$name.xml"
    if (Test-Path $report) { Remove-Item $report }
    & (Join-Path $bin "$name/release/$name.exe") --no-ansi --progress off --results-directory $results `
      --report-xunit-xml --report-xunit-xml-filename "$name.xml" | Out-Host
    $code = $LASTEXITCODE
    $p = 0; $f = 0
    if (Test-Path $report) {
      foreach ($assembly in ([xml](Get-Content -Raw $report)).assemblies.assembly) {
        $p += [int]$assembly.passed; $f += [int]$assembly.failed + [int]$assembly.errors; $skipped += [int]$assembly.skipped
      }
    }
    # A project that crashed or ran no test is one failure.
    if ($p + $f -eq 0 -or ($code -ne 0 -and $f -eq 0)) { $f += 1 }
    $passed += $p; $failed += $f
  }
  $sum = "$passed passed, $failed failed"
  if ($skipped -gt 0) { $sum += ", $skipped skipped" }
  Write-Host $sum
  if ($failed -gt 0) { exit 1 }
}

function Invoke-Demo {
  $sunet = Join-Path $bin 'Sunet.Cli/release/sunet.exe'
  if (Test-Path demo) { Remove-Item demo -Recurse -Force }
  & $sunet data synth --out demo/data --train 300 --val 40
  if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
  & $sunet train --data demo/data --project demo/train
  if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
  $weights = 'demo/train/exp/weights/best.safetensors'
  & $sunet predict --weights $weights --source 'demo/data/JPEGImages/scene_00030*.jpg' --project demo/predict --scales '0.5,0.75,1,1.25' --flip
  if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
  $result = & $sunet val --data demo/data --weights $weights --quiet --json
  if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
  $miou = ($result | ConvertFrom-Json).mIoU
  Write-Host "pictures: $(Join-Path $root 'demo/predict/exp')"
  if ($miou -lt 90) { Stop-Build "the validation mIoU is $miou %, and the demo should reach 90 %." }
  Write-Host "validation mIoU $miou %"
}

function Invoke-GpuPack {
  $pack = Join-Path $root 'artifacts/gpu-pack'
  if (Test-Path $pack) { Remove-Item $pack -Recurse -Force }
  Invoke-Step 'console, compiled ahead of time' dotnet @('publish', 'src/Sunet.Cli', '-c', 'Release', '-r', 'win-x64', '-p:PublishAot=true',
    '-p:DebugType=none', '-p:BundleOnnxRuntime=false', '-o', $pack, '-v', 'quiet')
  Get-ChildItem $pack -Recurse -Include '*.pdb', '*.xml' | Remove-Item
  $bytes = (Get-ChildItem $pack -Recurse -File | Measure-Object Length -Sum).Sum
  Write-Host "${pack}: $bytes bytes"
  if ($bytes -ge 40000000) { Stop-Build "the pack has $bytes bytes, and should stay under 40 MB." }
}

$usage = @'
usage: ./build.ps1 VERB

  setup        check for CMake, oneDNN and the .NET 10 SDK
  build        setup, then the native libraries and the solution, into artifacts/
  test         build, then every test project; the last line is the sum
  demo         build, then synthetic data, training, validation and pictures, into demo/
  gpu-pack     build, then artifacts/gpu-pack: a console for machines with a GPU and no .NET
  bench [...]  build, then the benchmarks; arguments such as --filter '*Inference*' pass through
  guard [...]  build, then measure what must not become worse: time, memory, overhead and growth on the CPU against their bars;
               exit code 1 if one is not held; --only NAME,NAME and --quick pass through
  clean        remove artifacts/ and demo/
  help         this text
'@

Push-Location $root
try {
  switch ($Verb) {
    'setup' { Invoke-Setup }
    'build' { Invoke-Build }
    'test' { Invoke-Build; Invoke-Tests }
    'demo' { Invoke-Build; Invoke-Demo }
    'gpu-pack' { Invoke-Build; Invoke-GpuPack }
    'bench' {
      Invoke-Build
      $arguments = if ($Rest.Count -gt 0) { $Rest } else { @('--filter', '*') }
      & (Join-Path $bin 'Sunet.Bench/release/Sunet.Bench.exe') --artifacts (Join-Path $root 'artifacts/bench') @arguments
      exit $LASTEXITCODE
    }
    'guard' {
      Invoke-Build
      & (Join-Path $bin 'Sunet.Bench/release/Sunet.Bench.exe') guard @Rest
      exit $LASTEXITCODE
    }
    'clean' { foreach ($folder in 'artifacts', 'demo') { if (Test-Path $folder) { Remove-Item $folder -Recurse -Force } } }
    'help' { Write-Host $usage }
    default { Write-Host $usage; Stop-Build "there is no verb '$Verb'." }
  }
}
finally {
  Pop-Location
}
