#!/usr/bin/env bash
# Writes the PrometheusRule of components/monitoring from deploy/monitoring/alerts.yml, which is where alerts are changed.
set -euo pipefail
cd "$(dirname "$0")"
{
  cat <<'HEAD'
# Written by deploy/kubernetes/rules.sh from deploy/monitoring/alerts.yml; change it there.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: gemma4
  namespace: gemma4
spec:
HEAD
  sed -n '/^groups:/,$p' ../monitoring/alerts.yml | sed 's/^\(.\)/  \1/'
} >components/monitoring/rules.yaml
