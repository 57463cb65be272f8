# An image of nothing but airgap, the libraries that it is linked with, and CA certificates:
#
#   pnpm run dist --image && docker build -t airgap .
#   docker run --rm -v "$PWD:/work" airgap verify bundle.tar
#
# To write into a mounted folder, add --user "$(id -u):$(id -g)".
FROM scratch
COPY dist/image/ /
LABEL org.opencontainers.image.title="airgap" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV HOME=/tmp
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/airgap"]
