#!/bin/sh
# Makes the keys and signatures in this folder, with cosign 3, openssl and minisign, and lets cosign verify the
# signatures of airgap. Run it in an empty folder: make.sh AIRGAP, where AIRGAP is packages/cli/bin/airgap.js.
# The keys are for tests only. The password of encrypted keys is "secret".
set -eu
airgap=$1
export COSIGN_PASSWORD=secret
verify="cosign verify-blob --insecure-ignore-tlog"
sign="cosign sign-blob --yes --tlog-upload=false --use-signing-config=false"

printf '%s  bundle.tar\n' "$(printf x | sha256sum | cut -c1-64)" > checksums.txt

# Keys.
cosign generate-key-pair --output-key-prefix cosign
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec-pkcs8.pem
openssl ec -in ec-pkcs8.pem -out ec-sec1.pem
openssl pkcs8 -topk8 -in ec-pkcs8.pem -passout pass:secret -out ec-encrypted.pem
openssl genrsa -traditional -out rsa-pkcs1.pem 2048
openssl genpkey -algorithm ed25519 -out ed25519.pem
for key in ec-pkcs8 ec-sec1 rsa-pkcs1 ed25519; do
  openssl pkey -in $key.pem -pubout -out $key.pub
  cosign import-key-pair --key $key.pem --output-key-prefix imported-$key
done
cp ec-pkcs8.pub ec-encrypted.pub
openssl rsa -in rsa-pkcs1.pem -RSAPublicKey_out -out rsa-pkcs1-form.pub

# Keys that are refused.
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out ec-p384.pem
openssl genrsa -traditional -out rsa-1024.pem 1024
for key in ec-p384 rsa-1024; do openssl pkey -in $key.pem -pubout -out $key.pub; done

# Signatures by cosign.
for key in cosign imported-ec-pkcs8 imported-ec-sec1 imported-rsa-pkcs1 imported-ed25519; do
  $sign --key $key.key --bundle $key.sigstore.json checksums.txt
done
$sign --key cosign.key --new-bundle-format=false --output-signature cosign.sig --bundle cosign.legacy.json checksums.txt

# Signatures by openssl and minisign.
openssl dgst -sha256 -sign ec-pkcs8.pem -out openssl.sig checksums.txt
minisign -G -W -p minisign.pub -s minisign.key
minisign -S -s minisign.key -m checksums.txt -x minisign.minisig -t 'a trusted comment'
minisign -S -l -s minisign.key -m checksums.txt -x minisign-legacy.minisig

# Signatures by airgap, of a bundle with one document; cosign verifies them.
mkdir -p layout/blobs/sha256
printf '{"imageLayoutVersion":"1.0.0"}' > layout/oci-layout
printf '{"schemaVersion":2,"manifests":[]}' > layout/index.json
for key in cosign.key ec-pkcs8.pem ec-sec1.pem ec-encrypted.pem rsa-pkcs1.pem ed25519.pem; do
  node "$airgap" sign layout --key $key
  cp layout.sha256.sigstore.json airgap-${key%.*}.sigstore.json
  $verify --key ${key%.*}.pub --bundle airgap-${key%.*}.sigstore.json layout.sha256
done
mv layout.sha256 airgap-checksums.txt
rm -r layout layout.*
