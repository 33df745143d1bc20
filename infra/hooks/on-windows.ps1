# On Windows: runs a hook in the shell that Git for Windows brings, with all that the hooks call. So there is one form of each.
param([Parameter(Mandatory)] [string] $Hook)
$ErrorActionPreference = 'Stop'

$shell = Join-Path (git --exec-path) '..' '..' '..' 'bin' 'sh.exe' # of Git\mingw64\libexec\git-core
if (-not (Test-Path $shell)) {
    [Console]::Error.WriteLine("There is no shell where Git for Windows has one ($shell). Install Git for Windows, or run azd in WSL.")
    exit 1
}
$env:MSYS_NO_PATHCONV = '1' # what begins with a slash is no path of that shell, but an argument of az
& $shell (Join-Path $PSScriptRoot $Hook).Replace('\', '/')
exit $LASTEXITCODE
