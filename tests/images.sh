#!/usr/bin/env bash
# Builds the images of the worker (both kinds), the page and the Functions host from their Dockerfiles by buildah, on bases that stand in for the
# publishers' (Debian, and the .NET of this machine), and runs them as a platform would: process 1, the image's user, a root that cannot be written to.
# Runs as root, or as a user with a range of ids (/etc/subuid), in a namespace of its own; takes minutes; no part of CI. Ends with "N passed, N failed".
#   bash tests/images.sh [Worker] [Web] [Functions]
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/need.sh
source tests/need.sh
need buildah buildah "builds images without a daemon"
need mmdebstrap mmdebstrap "makes the bases"
need dotnet dotnet-sdk-10.0 "the .NET 10 SDK, which the bases borrow"
if [ "$(id -u)" != 0 ]; then
    need newuidmap uidmap "lets a user be several"
    exec buildah unshare bash "tests/$(basename "$0")" "$@"
fi

wanted=" ${*:-Worker Web Functions} "
work=$(mktemp -d) dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")") port=18080
export BUILDAH_ISOLATION=chroot
names=(nrser-test-sdk nrser-test-aspnet nrser-test-cuda nrser-test-image)
clean() {
    umount --recursive "$work/image" 2> /dev/null || true
    buildah rm "${containers[@]}" > /dev/null 2>&1 || true
    buildah rmi --force "${names[@]/#/localhost/}" > /dev/null 2>&1 || true
    rm -rf "$work"
}
containers=()
trap clean EXIT

passed=0 failed=0
check() { # title, command
    local title=$1
    shift
    if "$@"; then passed=$((passed + 1)); echo "  $title"; else failed=$((failed + 1)); echo "  FAILED: $title" >&2; fi
}

base() { # name, what is copied into it besides Debian, image below it, more of its configuration
    local container
    container=$(buildah from "${3:-scratch}")
    [ -n "${3:-}" ] || buildah add -q "$container" "$work/debian.tar" / > /dev/null
    [ -z "$2" ] || buildah copy -q "$container" "$2" /usr/share/dotnet > /dev/null
    buildah config --env DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 --env DOTNET_NOLOGO=1 "${@:4}" "$container"
    buildah commit -q --rm "$container" "localhost/$1" > /dev/null
}

# Of the one package of the Functions host that not every source carries, what the tests declare in its place, under the package's name. It is restored into
# the container alone: no cache of this machine may take it for the real one.
stand_in() {
    local name=Microsoft.Azure.Functions.Worker.Extensions.ServiceBus edge=tests/NrSer.CloudEdge.Tests
    mkdir -p "$work/stand-in" "$work/packages"
    cp Directory.Packages.props "$edge"/FunctionsUnderTest/Declarations/*.cs "$edge/Functions/Protocol/Settlement.proto" "$work/stand-in"
    cat > "$work/stand-in/$name.csproj" << END
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <Nullable>enable</Nullable>
    <ImplicitUsings>enable</ImplicitUsings>
    <Version>$(sed -n "s/.*\"$name\" Version=\"\([^\"]*\)\".*/\1/p" Directory.Packages.props)</Version>
  </PropertyGroup>
  <ItemGroup>
    <Protobuf Include="Settlement.proto" Access="Internal" GrpcServices="Client" />
    <PackageReference Include="Azure.Messaging.ServiceBus" />
    <PackageReference Include="Google.Protobuf" />
    <PackageReference Include="Grpc.Tools" PrivateAssets="all" />
    <PackageReference Include="Microsoft.Azure.Functions.Worker" />
  </ItemGroup>
</Project>
END
    dotnet pack "$work/stand-in/$name.csproj" --configuration Release --output "$work/packages" --nologo --verbosity quiet > "$work/packed" \
        || { cat "$work/packed"; return 1; }
}

echo "Making the bases…"
[[ $wanted != *" Functions "* ]] || stand_in
# shellcheck disable=SC2016 # the hook's
mmdebstrap --quiet --variant=minbase --include=libssl3 --dpkgopt=force-unsafe-io \
    --customize-hook='ln -s /usr/share/dotnet/dotnet "$1/usr/bin/dotnet"' \
    "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" "$work/debian.tar" > "$work/made" 2>&1 || { cat "$work/made"; exit 1; }
mkdir -p "$work/runtime/shared"
cp -a "$dotnet/dotnet" "$dotnet/host" "$work/runtime"
cp -a "$dotnet"/shared/Microsoft.{NETCore,AspNetCore}.App "$work/runtime/shared"
base nrser-test-cuda ""
base nrser-test-aspnet "$work/runtime" localhost/nrser-test-cuda
mkdir -p "$work/packages"
fallback=()
# What this machine has is not restored anew; but for the Functions host, one of whose packages is looked for among the restored alone.
[[ $wanted = *" Functions "* ]] || fallback=(--env "RestoreFallbackFolders=$HOME/.nuget/packages")
base nrser-test-sdk "" localhost/nrser-test-cuda --env "HOME=$HOME" --env NUGET_PACKAGES=/restored "${fallback[@]}" \
    --env RestoreAdditionalProjectSources=/packages --env NoWarn=NU1507 --env RunAnalyzers=false # which every other build runs

build() { # project, what its Dockerfile calls its base, the base, where its files are
    echo "== $1 on $3"
    project=$1 app=$4
    buildah bud --pull-never --network host --volume "$dotnet:/usr/share/dotnet:ro" --volume "$HOME/.nuget:$HOME/.nuget:ro" \
        --volume "$work/packages:/packages:ro" --volume /etc/ssl:/etc/ssl:ro --volume /etc/apt:/etc/apt:ro \
        --build-arg SDK=localhost/nrser-test-sdk --build-arg "$2=localhost/$3" --file "src/NrSer.$1/Dockerfile" --tag localhost/nrser-test-image . \
        > "$work/built" || { tail -n 20 "$work/built"; return 1; }
    containers+=("$(buildah from localhost/nrser-test-image)")
    mkdir -p "$work/image"
    mount --bind "$(buildah mount "${containers[-1]}")" "$work/image"
    mount -o remount,ro,bind "$work/image"
    mount -t tmpfs tmpfs "$work/image/tmp"
    mount -t tmpfs tmpfs "$work/image/dev" # which every platform gives; a user's bases have none
    for device in null zero full random urandom; do
        touch "$work/image/dev/$device"
        mount --bind "/dev/$device" "$work/image/dev/$device"
    done
    echo "  $(du -sh "$work/image" | cut -f 1), $(du -sh "$work/image$app" | cut -f 1) of it ours, on $(image User)'s account"
}

program=() # what is started in place of the entry point
start() { # settings: as process 1 of a namespace of its own
    [ "${#program[@]}" -gt 0 ] || program=("$(image Entrypoint | tr -d '[]')")
    # shellcheck disable=SC2016 # the new shell's
    exec unshare --mount --pid --fork --kill-child bash -c 'mount -t proc proc "$1/proc" && exec chroot --userspec="$0" "${@}"' \
        "$(image User):$(image User)" "$work/image" \
        /usr/bin/env -i HOME=/tmp ASPNETCORE_HTTP_PORTS=$port DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_EnableDiagnostics=0 "$@" "${program[@]}"
}
image() { buildah inspect --type image --format "{{.OCIv1.Config.$1}}" localhost/nrser-test-image; }
ends() { # exit code or a pattern of it, what it says, settings
    local code=$1 says=$2 got=0
    shift 2
    (start "$@") > "$work/said" 2>&1 || got=$?
    # shellcheck disable=SC2053
    if [[ $got != $code ]] || ! grep -q --fixed-strings "$says" "$work/said"; then
        echo "ended with $got:"
        cat "$work/said"
        return 1
    fi
}
answers() { # a path
    for _ in $(seq 60); do
        curl -sf "http://127.0.0.1:$port$1" > /dev/null && return
        sleep 0.5
    done
    return 1
}
is_one() { grep -q "^NSpid:.*[^0-9]1$" "/proc/$1/status" && [ "$(awk '/^Uid:/ { print $2 }' "/proc/$1/status")" = "$(image User)" ]; }
stops() { # process 1, who waits for it
    kill -TERM "$1" && timeout 30 tail --pid="$1" -f /dev/null && wait "$2"
}
cannot_write() { ! touch "$work/image$app/x" 2> /dev/null; }
holds_nothing_else() { # than what a build puts there, and models
    local others
    [ ! -e "$work/image/source" ] || { echo "the sources are there"; return 1; }
    others=$(cd "$work/image$app" && find . -type f -regextype posix-extended ! -regex "\\./(.*/)?[^/]+\\.(dll|so|so\\.[0-9.]+)" \
        ! -regex "\\./(NrSer\\.[A-Za-z]+\\.(pdb|xml)|NrSer\\.$project(\\.(deps|runtimeconfig|staticwebassets\\.endpoints)\\.json)?)" \
        ! -regex "\\./(host|extensions|worker\\.config)\\.json|\\./functions\\.metadata|\\./\\.azurefunctions/.*\\.(json|pdb)" \
        ! -regex "\\./models/(catalog\\.json|embedded/[a-z-]+\\.(onnx|fixture\\.json)|skeletons/[a-z]+/[a-z.-]+\\.onnx)")
    [ -z "$others" ] || { echo "$others"; return 1; }
}
holds() { # files
    local file
    for file in "$@"; do [ -s "$work/image$app/$file" ] || { echo "$file is missing"; return 1; }; done
}
is_for_linux_alone() { [ -z "$(find "$work/image$app" -name '*.dylib' -o -name 'win-*' -o -name 'osx*')" ]; }

is_status() { # of HTTP, the name it is called by, a path
    [ "$(curl -s -o /dev/null -w '%{http_code}' -H "Host: $2" "http://127.0.0.1:$port$3")" = "$1" ]
}
has_ffmpeg() { chroot --userspec="$(image User):$(image User)" "$work/image" /usr/bin/ffmpeg -loglevel error -f lavfi -i anullsrc=d=1 -f null - 2>&1; }

queue='ServiceBus__ConnectionString=Endpoint=sb://127.0.0.1;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true;'
store='NrSer__Storage__ConnectionString=UseDevelopmentStorage=true'

holds_alone() {
    check "holds what the build made, models, and nothing else" holds_nothing_else
    check "holds libraries for Linux alone" is_for_linux_alone
    check "has a root that cannot be written to" cannot_write
}
ends_when_told() { # who waits for process 1
    local one
    one=$(pgrep -P "$1") || one=
    check "is process 1, on the image's account" is_one "$one"
    check "ends with 0 on SIGTERM to process 1" stops "$one" "$1"
}

if [[ $wanted = *" Worker "* ]]; then
    build Worker RUNTIME nrser-test-aspnet /app
    holds_alone
    check "ends with 3 and a word without a queue" ends 3 FullyQualifiedNamespace
    (start "$queue" "$store") > "$work/said" 2>&1 &
    waiting=$!
    check "answers /healthz" answers /healthz
    ends_when_told "$waiting"
    umount --recursive "$work/image"

    build Worker RUNTIME nrser-test-cuda /app
    check "ends with 3 and the library that is missing, without CUDA" ends 3 libcublasLt.so.13 NrSer__Models__ExecutionProvider=Cuda
    umount --recursive "$work/image"
fi

if [[ $wanted = *" Web "* ]]; then
    build Web RUNTIME nrser-test-aspnet /app
    holds_alone
    check "has an ffmpeg that runs" has_ffmpeg
    check "ends with 3 and a word without a name" ends 3 CONTAINER_APP_NAME
    (start NrSer__Web__Domains=page.example "$store") > "$work/said" 2>&1 &
    waiting=$!
    check "answers /healthz" answers /healthz
    check "lets nobody in whom no platform signed in" is_status 401 page.example /
    check "answers to no other name" is_status 400 127.0.0.1 /
    ends_when_told "$waiting"
    umount --recursive "$work/image"
fi

if [[ $wanted = *" Functions "* ]]; then
    # The host itself is of the base that nobody here has: what can be run is what it would start.
    build Functions FUNCTIONS nrser-test-aspnet /home/site/wwwroot
    holds_alone
    check "tells the host of its functions" holds host.json functions.metadata worker.config.json extensions.json
    # Of the host's extensions the loader of functions.metadata alone: it is the real package that names the other, and brings it.
    check "names the host's extensions as approved" diff "$work/image$app/extensions.json" tests/NrSer.CloudEdge.Tests/Approved/extensions.json
    check "has an ffmpeg that runs" has_ffmpeg
    program=(/usr/bin/dotnet "$app/NrSer.Functions.dll")
    check "has a worker that misses the host alone" ends "13[49]" "Functions:Worker:HostEndpoint" "$queue" "$store"
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
