#!/usr/bin/env python3
"""Writes tests/fixtures/kubernetes: what deploy/kubernetes uses of other projects' published schemas.

    python3 reference/make_kubernetes_schemas.py CLONES

CLONES holds bare or plain clones of the repositories below. Of each schema descriptions and whatever no manifest of ours uses are left out, and objects are
closed: a field that is misspelt, or that the project does not have, is refused. Rules in CEL (x-kubernetes-validations) are left out too. Needs kubectl, git, PyYAML.
"""
import json, pathlib, subprocess, sys
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "tests" / "fixtures" / "kubernetes"
SOURCES = {  # kind: repository, tag, file; all under Apache License 2.0
    "ServiceMonitor": ("prometheus-operator/prometheus-operator", "v0.93.0", "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml"),
    "PrometheusRule": ("prometheus-operator/prometheus-operator", "v0.93.0", "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml"),
    "ScaledObject": ("kedacore/keda", "v2.20.2", "config/crd/bases/keda.sh_scaledobjects.yaml"),
    "InferencePool": ("kubernetes-sigs/gateway-api-inference-extension", "v1.6.0", "config/crd/bases/inference.networking.k8s.io_inferencepools.yaml"),
    "Gateway": ("kubernetes-sigs/gateway-api", "v1.6.1", "config/crd/standard/gateway.networking.k8s.io_gateways.yaml"),
    "HTTPRoute": ("kubernetes-sigs/gateway-api", "v1.6.1", "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"),
}
KEPT = ("type", "enum", "const", "pattern", "required", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")


def repository(clones, name):
    owner, short = name.split("/")
    for folder in (f"{owner}+{short}/repo", f"{owner}/{short}", short):
        if (clones / folder).exists():
            return clones / folder
    sys.exit(f"{name} is not below {clones}")


def used(schema, values):
    """The part of a schema that any of the values uses, as JSON Schema."""
    kept = {key: schema[key] for key in KEPT if key in schema}
    if schema.get("x-kubernetes-int-or-string"):
        kept["type"] = ["integer", "string"]
    objects = [value for value in values if isinstance(value, dict)]
    if "properties" in schema:
        names = {name for value in objects for name in value} & set(schema["properties"]) | set(schema.get("required", []))
        kept["properties"] = {name: used(schema["properties"][name], [v[name] for v in objects if name in v]) for name in sorted(names)}
        kept["additionalProperties"] = False
    elif isinstance(schema.get("additionalProperties"), dict):
        kept["additionalProperties"] = used(schema["additionalProperties"], [item for value in objects for item in value.values()])
    if "items" in schema:
        kept["items"] = used(schema["items"], [item for value in values if isinstance(value, list) for item in value])
    return kept


def main(clones):
    objects = []
    for overlay in sorted((ROOT / "deploy" / "kubernetes" / "overlays").iterdir()):
        rendered = subprocess.run(["kubectl", "kustomize", overlay], check=True, capture_output=True, text=True).stdout
        objects += [item for item in yaml.safe_load_all(rendered) if item["kind"] in SOURCES]
    OUT.mkdir(exist_ok=True)
    for kind, (name, tag, path) in SOURCES.items():
        text = subprocess.run(["git", "-C", repository(clones, name), "show", f"{tag}:{path}"], check=True, capture_output=True, text=True).stdout
        definition = yaml.safe_load(text)["spec"]
        mine = [item for item in objects if item["kind"] == kind]
        versions = {item["apiVersion"].split("/")[1] for item in mine}
        assert len(versions) == 1 and {item["apiVersion"].split("/")[0] for item in mine} == {definition["group"]}, (kind, versions)
        [version] = [v for v in definition["versions"] if v["name"] in versions]
        assert version["served"]
        spec = used(version["schema"]["openAPIV3Schema"]["properties"]["spec"], [item["spec"] for item in mine])
        schema = {
            "$comment": f"Of {path} in https://github.com/{name} {tag}, Apache License 2.0; shortened by reference/make_kubernetes_schemas.py.",
            "type": "object",
            "required": ["apiVersion", "kind", "metadata", "spec"],
            "properties": {
                "apiVersion": {"const": f"{definition['group']}/{version['name']}"},
                "kind": {"const": kind},
                "metadata": {"type": "object"},
                "spec": spec,
            },
            "additionalProperties": False,
        }
        (OUT / f"{kind}.json").write_text(json.dumps(schema, indent=1) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
