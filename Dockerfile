# One image for the gateway and its commands. See docs/deploy.md.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Without the optional packages, which are a Node for machines that have none. No package runs a script of its own.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
    && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' \) -delete \
    && rm package-lock.json
COPY LICENSE ./
COPY drizzle drizzle
COPY src src
# Whatever the umask of whoever cloned: everybody may read, nobody may write.
RUN chmod -R a+rX,a-w /app

FROM ${NODE_IMAGE}
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
# No package manager: nothing is installed from here on, and what is not there needs no patches.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn* \
        /usr/local/bin/yarn /usr/local/bin/yarnpkg \
    && install -d -o 1000 -g 1000 -m 700 /data \
    && ln -s /app/src/runtime/cli.ts /usr/local/bin/guichet
COPY --from=build /app /app
WORKDIR /app
# By number, so that an orchestrator sees that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 3000
# Alive, not ready: a database that is away is no reason to restart. The port opens when the start is over.
HEALTHCHECK --interval=15s --timeout=3s --start-period=60s --retries=3 \
    CMD ["node", "-e", "require('node:http').get({host:'127.0.0.1',port:process.env.PORT,path:'/health/live'},r=>process.exit(r.statusCode===200?0:1)).on('error',()=>process.exit(1))"]
# Node itself, which hears the signals, as `npm start` calls it.
CMD ["node", "src/runtime/node.ts"]
