{{- define "ray-history-server.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What a selector may use: it must never change. */}}
{{- define "ray-history-server.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ray-history-server.labels" -}}
{{ include "ray-history-server.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The pods of the Deployment, and not those of `helm test`. */}}
{{- define "ray-history-server.podSelectorLabels" -}}
{{ include "ray-history-server.selectorLabels" . }}
app.kubernetes.io/component: server
{{- end -}}

{{/* ClusterRoles have no namespace, so their names hold it. */}}
{{- define "ray-history-server.clusterRoleName" -}}
{{- printf "%s-%s" .Release.Namespace (include "ray-history-server.fullname" .) | trunc 253 | trimSuffix "-" -}}
{{- end -}}

{{- define "ray-history-server.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "ray-history-server.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* The reference of an image: a dict of `image` and `root`. */}}
{{- define "ray-history-server.image" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository (.image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/*
A map's lines: the chart's own (`own`, YAML), then those of a value (`given`, whose name is `value`). No key may be in both:
Helm takes a key that stands twice, and Kustomize, Flux and others refuse it.
*/}}
{{- define "ray-history-server.together" -}}
{{- $own := fromYaml .own -}}
{{- range $key, $_ := .given -}}
{{- if hasKey $own $key -}}
{{- fail (printf "%s has %q, which the chart sets itself: leave it out" $.value $key) -}}
{{- end -}}
{{- end -}}
{{- trim .own -}}
{{- with .given }}
{{ toYaml . }}
{{- end -}}
{{- end -}}
