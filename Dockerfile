# The server with its demo model. CPU by default; --build-arg GEMMA4_CUDA=true takes the CUDA libtorch (the host then needs only
# NVIDIA's driver and container toolkit: CUDA itself comes with the package). --build-arg WITH_FFMPEG=1 adds ffmpeg, for video files.
# docs/containers.md says what is in it and how it is run; deploy/container.sh builds and asks it.
FROM mcr.microsoft.com/dotnet/sdk:10.0.401-noble AS build
ARG GEMMA4_CUDA=false
WORKDIR /source
COPY . ./
# Packages stay in a cache of the builder's: libtorch is large, and a layer of its own for restoring would keep it twice.
RUN --mount=type=cache,id=nuget,target=/root/.nuget/packages \
    dotnet publish src/Gemma4.Server -c Release -r linux-x64 --no-self-contained -p:Gemma4Cuda=${GEMMA4_CUDA} -p:DebugType=none -o /app \
    && rm -f /app/*.xml \
    && mv LICENSE /app/ \
    && mkdir /libraries \
    && find /app -maxdepth 1 -name 'lib*.so*' -size +8M -exec mv -t /libraries {} +

FROM mcr.microsoft.com/dotnet/aspnet:10.0.12-noble
ARG WITH_FFMPEG=
# The user's cache of models, a volume where models are fetched by name; and what is kept of what callers ask, a volume too.
RUN install -d -o "$APP_UID" -g "$APP_UID" /hub && install -d -m 700 -o "$APP_UID" -g "$APP_UID" /data \
    && if [ -n "$WITH_FFMPEG" ]; then \
        apt-get update && apt-get install -y --no-install-recommends ffmpeg && rm -rf /var/lib/apt/lists/*; \
    fi
WORKDIR /app
# The large libraries change with their versions alone: a new server is then a download of the last layer.
COPY --from=build /libraries/ ./
COPY --from=build /app/ ./

# Last, since each commit changes it.
ARG REVISION=unknown
LABEL org.opencontainers.image.title="gemma4" \
    org.opencontainers.image.description="Google's Gemma 4 behind OpenAI's HTTP API" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.revision="${REVISION}"

# Settings as variables, not switches, so that the health check has them too: change the port by -e GEMMA4__Server__Port.
# The last two are read by NVIDIA's container toolkit and without effect elsewhere.
ENV GEMMA4__Server__Host=0.0.0.0 \
    GEMMA4__Server__Port=8000 \
    GEMMA4__Storage__Data=/data \
    HF_HOME=/hub \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
EXPOSE 8000
USER $APP_UID
# While the weights load the check fails, which counts only after the start period.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30m --retries=3 CMD ["dotnet", "gemma4.dll", "health"]
ENTRYPOINT ["dotnet", "gemma4.dll"]
