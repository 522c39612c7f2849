# Sourced by the scripts beside it.
#
# private_apt FOLDER TYPE ARCHITECTURE: let apt of this shell see Debian's packages of TYPE (`deb` or
# `deb-src`) for ARCHITECTURE, with all that it writes in FOLDER. Nothing of the machine's own lists,
# architectures and packages changes, and its proxies and keys are heeded. DEBIAN_MIRROR and
# DEBIAN_SECURITY_MIRROR name other servers than Debian's.
private_apt() {
    local folder=$1 type=$2 architecture=$3
    local suite keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    mkdir -p "$folder/lists/partial" "$folder/archives/partial"
    : >"$folder/status"
    local origin="$type [signed-by=$keyring arch=$architecture]"
    [ "$type" = deb ] || origin="$type [signed-by=$keyring]"
    cat >"$folder/sources.list" <<LIST
$origin ${DEBIAN_MIRROR:-http://deb.debian.org/debian} $suite main
$origin ${DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security} $suite-security main
LIST
    cat >"$folder/apt.conf" <<CONF
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Dir::Etc::sourcelist "$folder/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$folder/lists";
Dir::State::status "$folder/status";
Dir::Cache "$folder";
CONF
    export APT_CONFIG=$folder/apt.conf
    apt-get update -qq
}
