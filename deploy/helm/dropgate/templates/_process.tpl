{{/* Labels by which a process is selected. Takes { root, name }. */}}
{{- define "dropgate.selector" -}}
app.kubernetes.io/name: dropgate
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "dropgate.labels" -}}
{{ include "dropgate.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* The services that have routes, each behind an address of the gateway. */}}
{{- define "dropgate.routed" -}}
product inventory drop order warehouse payment notification desk identity
{{- end }}

{{/* Whether the process has replicas of a scaler. */}}
{{- define "dropgate.scales" -}}
{{- $size := index .root.Values.processes .name -}}
{{- if and (ne .root.Values.autoscaling.kind "none") (gt (int $size.maxReplicas) (int $size.replicas)) }}true{{ end }}
{{- end }}

{{/*
The environment. The gateway needs no engine: it gets the addresses of the services, and of the settings only those for pages,
people, payments and traces. Numbers of a values file are floats, and 86400000 would be written 8.64e+07.
*/}}
{{- define "dropgate.env" -}}
{{- $root := .root }}
{{- $gateway := eq .name "gateway" }}
- { name: HOST, value: "0.0.0.0" }
- { name: PORT, value: "8080" }
{{- with ternary $root.Values.trustProxy.gateway $root.Values.trustProxy.services $gateway }}
- { name: TRUST_PROXY, value: {{ . | quote }} }
{{- end }}
{{- if $gateway }}
- { name: MANAGEMENT_PORT, value: "8081" }
{{- range splitList " " (include "dropgate.routed" .) }}
- { name: {{ upper . }}_URL, value: "http://{{ $root.Release.Name }}-{{ . }}:8080" }
{{- end }}
{{- end }}
{{- range $name, $value := $root.Values.settings }}
{{- if or (not $gateway) (regexMatch "^(LOG_LEVEL|PUBLIC_URL|PAYMENT_PROVIDER|STRIPE_.*|OIDC_.*|OTEL_.*)$" $name) }}
- { name: {{ $name }}, value: {{ ternary (toString $value) (printf "%d" (int64 $value)) (or (kindIs "string" $value) (kindIs "bool" $value)) | quote }} }
{{- end }}
{{- end }}
{{- range $root.Values.secret.settings }}
{{- if or (not $gateway) (regexMatch "^(STRIPE|OIDC|OTEL)_" .) }}
- { name: {{ . }}_FILE, value: "/run/secrets/dropgate/{{ . }}" }
{{- end }}
{{- end }}
{{- end }}

{{/* The pod but for its probes and command. Takes { root, name, container }. */}}
{{- define "dropgate.pod" -}}
{{- $root := .root }}
{{- $gateway := eq .name "gateway" }}
{{- $image := $root.Values.image }}
{{- $files := list }}
{{- range $root.Values.secret.settings }}
{{- if or (not $gateway) (regexMatch "^(STRIPE|OIDC|OTEL)_" .) }}{{ $files = append $files . }}{{ end }}
{{- end }}
automountServiceAccountToken: false
# Else a Service that is called redis would set REDIS_PORT.
enableServiceLinks: false
# The first process of the pod reaps the processes that have ended, as `docker run --init` does.
shareProcessNamespace: true
{{- with $image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
containers:
  - name: dropgate
    image: {{ if $image.digest }}{{ $image.repository }}@{{ $image.digest }}{{ else }}{{ $image.repository }}:{{ $image.tag | default $root.Chart.AppVersion }}{{ end }}
    imagePullPolicy: {{ $image.pullPolicy }}
    securityContext:
      readOnlyRootFilesystem: true
      allowPrivilegeEscalation: false
      capabilities: { drop: [ALL] }
    {{- .container | nindent 4 }}
    env:
      {{- include "dropgate.env" . | trim | nindent 6 }}
    resources:
      {{- dig .name "resources" $root.Values.resources $root.Values.processes | toYaml | nindent 6 }}
    volumeMounts:
      - { name: tmp, mountPath: /tmp }
      {{- if $files }}
      - { name: secrets, mountPath: /run/secrets/dropgate, readOnly: true }
      {{- end }}
      {{- if $root.Values.certificates.configMap }}
      - { name: certificates, mountPath: /etc/dropgate/certificates, readOnly: true }
      {{- end }}
volumes:
  - { name: tmp, emptyDir: { sizeLimit: 64Mi } }
  {{- if $files }}
  - name: secrets
    secret:
      secretName: {{ $root.Values.secret.name }}
      defaultMode: 0440
      items:
        {{- range $files }}
        - { key: {{ . }}, path: {{ . }} }
        {{- end }}
  {{- end }}
  {{- with $root.Values.certificates.configMap }}
  - { name: certificates, configMap: { name: {{ . }} } }
  {{- end }}
{{- end }}
