#!/bin/sh
# Makes a throw-away PKI for tests and the demo: never for a device.
#
#   tests/pki.sh DIR [HOST...]
#
# writes into DIR, as PEM (and .p12 without a password for browsers):
#   ca.crt ca.key               the hospital's authority
#   server.crt server.key       the monitor: localhost, 127.0.0.1 and each HOST
#   nurse.crt .key .p12         a nurse's station
#   nurse2.crt .key             another one
#   expired.crt .key            a nurse's station whose certificate ended in 2020
#   server-expired.crt .key     a monitor whose certificate ended in 2020
#   stranger.crt .key           a client of another authority
#   stranger-ca.crt .key        that authority
set -eu
[ $# -ge 1 ] || { echo "usage: $0 DIR [HOST...]" >&2; exit 2; }
dir=$1
shift
mkdir -p "$dir"
cd "$dir"
umask 077

names=DNS:localhost,IP:127.0.0.1
for host; do
    case $host in
    *[!0-9.]*) names=$names,DNS:$host ;;
    *) names=$names,IP:$host ;;
    esac
done

cat > openssl.cnf <<CNF
[req]
distinguished_name = dn
prompt = no
[dn]
[ca]
default_ca = signer
[signer]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
organizationName = optional
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = $names
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
CNF

# authority FILE NAME
authority() {
    openssl req -x509 -config openssl.cnf -extensions authority -days 30 -nodes \
        -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
        -subj "/O=Cordon test/CN=$2" -keyout "$1.key" -out "$1.crt" 2>> openssl.log
}

# leaf FILE NAME KIND AUTHORITY [START END]
leaf() {
    openssl req -new -config openssl.cnf -nodes \
        -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
        -subj "/O=Cordon test/CN=$2" -keyout "$1.key" -out "$1.csr" 2>> openssl.log
    : > index.txt
    if [ $# -ge 6 ]; then dates="-startdate $5 -enddate $6"; else dates="-days 30"; fi
    # shellcheck disable=SC2086
    openssl ca -batch -notext -config openssl.cnf -extensions "$3" $dates \
        -cert "$4.crt" -keyfile "$4.key" -in "$1.csr" -out "$1.crt" 2>> openssl.log
}

authority ca "Test hospital authority"
authority stranger-ca "Somebody else's authority"
leaf server "Bedside monitor" server ca
leaf nurse "Nurse station 1" client ca
leaf nurse2 "Nurse station 2" client ca
leaf expired "Old nurse station" client ca 20190101000000Z 20200101000000Z
leaf server-expired "Old monitor" server ca 20190101000000Z 20200101000000Z
leaf stranger "Stranger" client stranger-ca
openssl pkcs12 -export -name nurse -inkey nurse.key -in nurse.crt -certfile ca.crt \
    -passout pass: -out nurse.p12
rm -f ./*.csr index.txt* openssl.cnf ./[0-9A-F]*.pem
