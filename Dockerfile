# syntax=docker/dockerfile:1
# The server with its demo model. CPU by default; --build-arg GEMMA4_CUDA=true takes the CUDA libtorch (the host then needs only
# NVIDIA's driver and container toolkit: CUDA itself comes with the package). --build-arg WITH_FFMPEG=1 adds ffmpeg, for film files.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG GEMMA4_CUDA=false
WORKDIR /source

# Packages first: libtorch is large, and this layer changes only when a version does.
COPY global.json Directory.Build.props Directory.Build.targets Directory.Packages.props ./
COPY build/ build/
COPY src/Gemma4.Conformance/Gemma4.Conformance.csproj src/Gemma4.Conformance/
COPY src/Gemma4.Verification/Gemma4.Verification.csproj src/Gemma4.Verification/
COPY src/Gemma4.Engine/Gemma4.Engine.csproj src/Gemma4.Engine/
COPY src/Gemma4.Server/Gemma4.Server.csproj src/Gemma4.Server/
RUN dotnet restore src/Gemma4.Server -r linux-x64 -p:Gemma4Cuda=$GEMMA4_CUDA

COPY src/ src/
COPY demo-model/ demo-model/
RUN dotnet publish src/Gemma4.Server -c Release -r linux-x64 --no-self-contained --no-restore \
    -p:Gemma4Cuda=$GEMMA4_CUDA -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
ARG WITH_FFMPEG=
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl ${WITH_FFMPEG:+ffmpeg} \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app ./

# Read by NVIDIA's container toolkit; without effect elsewhere.
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

# Mount a checkpoint folder at /models/<name> and pass --model /models/<name>; without it the demo model answers.
VOLUME /models
EXPOSE 8000
USER $APP_UID
HEALTHCHECK --interval=10s --timeout=3s --start-period=10m --retries=3 \
    CMD ["curl", "--fail", "--silent", "http://127.0.0.1:8000/health"]
ENTRYPOINT ["dotnet", "gemma4.dll", "--host", "0.0.0.0", "--port", "8000"]
