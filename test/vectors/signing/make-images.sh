#!/bin/sh
# Makes cosign-signed.tar: two images that cosign 3 has signed, one in each of its forms. Run it in this folder, with
# cosign and crane: make-images.sh AIRGAP, where AIRGAP is packages/cli/bin/airgap.js.
set -eu
airgap=$1
export COSIGN_PASSWORD=secret
host=127.0.0.1:5055
work=$(mktemp -d)
crane registry serve --address $host &
registry=$!
trap 'kill $registry; rm -r "$work"' EXIT
sleep 2
sign="cosign sign --yes --key cosign.key --tlog-upload=false --use-signing-config=false --allow-http-registry"
for form in referrer tag; do
  printf '%s' $form > "$work/file"
  tar --sort=name --mtime=@0 --owner=0 --group=0 -C "$work" -cf "$work/layer.tar" file
  crane append --oci-empty-base -f "$work/layer.tar" -t $host/signed/$form:1
  echo $host/signed/$form:1 >> "$work/list.txt"
done
$sign $host/signed/referrer@"$(crane digest $host/signed/referrer:1)"
$sign --new-bundle-format=false $host/signed/tag@"$(crane digest $host/signed/tag:1)"
node "$airgap" build "$work/list.txt" --platform all --referrers -o cosign-signed.tar
