{{/* Refuses values that are each allowed, and cannot work together. values.schema.json refuses all others. */}}
{{- define "ray-history-server.validate" -}}
{{- $backend := .Values.store.backend -}}
{{- $credentials := .Values.credentials -}}
{{- $mode := $credentials.mode -}}
{{- $backends := get (dict
  "none" (list "s3" "azureblob" "gcs" "aliyunoss" "oci" "local")
  "secret" (list "s3" "azureblob" "aliyunoss")
  "secretFile" (list "s3" "gcs" "oci")
  "identity" (list "s3" "azureblob" "gcs" "aliyunoss" "oci")) $mode -}}
{{- if not (has $backend $backends) -}}
{{- fail (printf "credentials.mode is %q, which the store.backend %q does not have: it is for %s" $mode $backend (join ", " $backends)) -}}
{{- end -}}
{{- if and (has $mode (list "secret" "secretFile")) (not $credentials.secretName) -}}
{{- fail (printf "credentials.secretName is empty: credentials.mode %q needs the name of a Secret that exists" $mode) -}}
{{- end -}}
{{- if and (not (has $mode (list "secret" "secretFile"))) $credentials.secretName -}}
{{- fail (printf "credentials.secretName is %q, and credentials.mode %q reads no Secret: set the mode to secret or secretFile" $credentials.secretName $mode) -}}
{{- end -}}
{{- if and (eq $mode "secretFile") (not $credentials.secretFile) -}}
{{- fail "credentials.secretFile is empty: credentials.mode \"secretFile\" needs the key of the Secret that holds the file" -}}
{{- end -}}
{{- if and (ne $mode "secretFile") $credentials.secretFile -}}
{{- fail (printf "credentials.secretFile is %q, and credentials.mode %q reads no file: set the mode to secretFile" $credentials.secretFile $mode) -}}
{{- end -}}
{{- if and (ne $mode "identity") $credentials.identity -}}
{{- fail (printf "credentials.identity is %q, and credentials.mode %q uses none: set the mode to identity" $credentials.identity $mode) -}}
{{- end -}}
{{- if eq $mode "identity" -}}
{{- if and (has $backend (list "s3" "azureblob" "aliyunoss")) (not $credentials.identity) -}}
{{- fail (printf "credentials.identity is empty: the store.backend %q needs %s" $backend (get (dict "s3" "the ARN of the role" "azureblob" "the client ID of the identity" "aliyunoss" "the name of the RAM role") $backend)) -}}
{{- end -}}
{{- if and (eq $backend "oci") $credentials.identity -}}
{{- fail (printf "credentials.identity is %q, and the store.backend \"oci\" has none: a policy in Oracle's cloud names the service account" $credentials.identity) -}}
{{- end -}}
{{- if and (eq $backend "oci") (not .Values.store.oci.region) -}}
{{- fail "store.oci.region is empty: credentials.mode \"identity\" needs the region of the cluster" -}}
{{- end -}}
{{- if and (eq $backend "azureblob") (not .Values.store.azureblob.accountUrl) -}}
{{- fail "store.azureblob.accountUrl is empty: credentials.mode \"identity\" needs https://ACCOUNT.blob.core.windows.net" -}}
{{- end -}}
{{- end -}}
{{- if and (eq $backend "azureblob") (eq $mode "none") (not .Values.store.azureblob.accountUrl) -}}
{{- fail "store.azureblob.accountUrl is empty: without a Secret that holds a connection string, the account needs its URL" -}}
{{- end -}}
{{- if and (eq $backend "aliyunoss") (not .Values.store.aliyunoss.region) (not .Values.store.aliyunoss.endpoint) -}}
{{- fail "store.aliyunoss.region and store.aliyunoss.endpoint are empty: the store.backend \"aliyunoss\" needs one of them" -}}
{{- end -}}
{{- if and (eq $backend "local") (not .Values.store.local.claimName) -}}
{{- fail "store.local.claimName is empty: the store.backend \"local\" needs a PersistentVolumeClaim that exists" -}}
{{- end -}}
{{- if and .Values.liveClusters.tokenAuth.enabled (not .Values.liveClusters.enabled) -}}
{{- fail "liveClusters.tokenAuth.enabled is true, and liveClusters.enabled is false: tokens are for running clusters, so set both or neither" -}}
{{- end -}}
{{- if and .Values.liveClusters.tokenAuth.namespaces (not .Values.liveClusters.tokenAuth.enabled) -}}
{{- fail "liveClusters.tokenAuth.namespaces has entries, and liveClusters.tokenAuth.enabled is false: set it to true, or leave the list empty" -}}
{{- end -}}
{{- end -}}
