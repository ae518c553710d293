{{/* Where the file of credentials.secretFile is mounted, and the volume of the backend local. */}}
{{- define "ray-history-server.credentialsFolder" -}}/var/run/secrets/ray-history{{- end -}}
{{- define "ray-history-server.localFolder" -}}/var/lib/ray-history{{- end -}}

{{/* The variables that name the store, for the History Server and the collectors alike: a line of YAML for each. */}}
{{- define "ray-history-server.storeVariables" -}}
{{- $backend := .Values.store.backend -}}
{{- $mode := .Values.credentials.mode -}}
{{- $file := printf "%s/%s" (include "ray-history-server.credentialsFolder" .) .Values.credentials.secretFile -}}
{{- $given := dict "STORAGE_BACKEND" $backend "STORAGE_ROOT_DIR" .Values.store.rootDir -}}
{{- with index .Values.store $backend -}}
{{- if eq $backend "s3" -}}
{{- $_ := set $given "S3_BUCKET" .bucket -}}
{{- $_ := set $given "S3_ENDPOINT" .endpoint -}}
{{- $_ := set $given "S3_REGION" .region -}}
{{- $_ := set $given "S3FORCE_PATH_STYLE" (ternary "true" "" .forcePathStyle) -}}
{{- $_ := set $given "S3DISABLE_SSL" (ternary "true" "" .disableSsl) -}}
{{- if eq $mode "secretFile" -}}{{- $_ := set $given "AWS_SHARED_CREDENTIALS_FILE" $file -}}{{- end -}}
{{- else if eq $backend "azureblob" -}}
{{- $_ := set $given "AZURE_STORAGE_CONTAINER" .container -}}
{{- $_ := set $given "AZURE_STORAGE_ACCOUNT_URL" .accountUrl -}}
{{- if eq $mode "identity" -}}{{- $_ := set $given "AZURE_STORAGE_AUTH_MODE" "workload_identity" -}}{{- end -}}
{{- else if eq $backend "gcs" -}}
{{- $_ := set $given "GCS_BUCKET" .bucket -}}
{{- $_ := set $given "GCP_PROJECT_ID" .projectId -}}
{{- if eq $mode "secretFile" -}}{{- $_ := set $given "GOOGLE_APPLICATION_CREDENTIALS" $file -}}{{- end -}}
{{- else if eq $backend "aliyunoss" -}}
{{- $_ := set $given "OSS_BUCKET" .bucket -}}
{{- $_ := set $given "OSS_ENDPOINT" .endpoint -}}
{{- $_ := set $given "OSS_REGION" .region -}}
{{- else if eq $backend "oci" -}}
{{- $_ := set $given "OCI_BUCKET" .bucket -}}
{{- $_ := set $given "OCI_REGION" .region -}}
{{- $_ := set $given "OCI_NAMESPACE" .namespace -}}
{{- $_ := set $given "OCI_COMPARTMENT_ID" .compartmentId -}}
{{- if eq $mode "secretFile" -}}{{- $_ := set $given "OCI_CONFIG_FILE" $file -}}{{- end -}}
{{- if eq $mode "identity" -}}
{{- $_ := set $given "OCI_AUTH_TYPE" "oke_workload_identity" -}}
{{- $_ := set $given "OCI_RESOURCE_PRINCIPAL_VERSION" "2.2" -}}
{{- $_ := set $given "OCI_RESOURCE_PRINCIPAL_REGION" .region -}}
{{- end -}}
{{- else if eq $backend "local" -}}
{{- $_ := set $given "LOCAL_STORAGE_DIR" (include "ray-history-server.localFolder" $) -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := $given -}}
{{- if $value }}
{{ $name }}: {{ $value | quote }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What makes a service account a cloud identity. */}}
{{- define "ray-history-server.identityAnnotations" -}}
{{- if eq .Values.credentials.mode "identity" -}}
{{- $key := get (dict
  "s3" "eks.amazonaws.com/role-arn"
  "gcs" "iam.gke.io/gcp-service-account"
  "azureblob" "azure.workload.identity/client-id"
  "aliyunoss" "pod-identity.alibabacloud.com/role-name") .Values.store.backend -}}
{{- if and $key .Values.credentials.identity -}}
{{ $key }}: {{ .Values.credentials.identity | quote }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the pods of such an account must carry. */}}
{{- define "ray-history-server.identityPodLabels" -}}
{{- if eq .Values.credentials.mode "identity" -}}
{{- if eq .Values.store.backend "azureblob" -}}
azure.workload.identity/use: "true"
{{- else if eq .Values.store.backend "aliyunoss" -}}
pod-identity.alibabacloud.com/injection: "on"
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "ray-history-server.storeVolumes" -}}
{{- if eq .Values.credentials.mode "secretFile" }}
- name: credentials
  secret:
    secretName: {{ .Values.credentials.secretName }}
{{- end }}
{{- if eq .Values.store.backend "local" }}
- name: store
  persistentVolumeClaim:
    claimName: {{ .Values.store.local.claimName }}
{{- end }}
{{- end -}}

{{/* A dict of `root` and `readOnly`, which is about the store's volume alone. */}}
{{- define "ray-history-server.storeVolumeMounts" -}}
{{- with .root }}
{{- if eq .Values.credentials.mode "secretFile" }}
- name: credentials
  mountPath: {{ include "ray-history-server.credentialsFolder" . }}
  readOnly: true
{{- end }}
{{- if eq .Values.store.backend "local" }}
- name: store
  mountPath: {{ include "ray-history-server.localFolder" . }}
  {{- with .Values.store.local.subPath }}
  subPath: {{ . | quote }}
  {{- end }}
  {{- if $.readOnly }}
  readOnly: true
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}
