{{/* What a Ray group's pod template needs: a dict of `root`, `role` (Head or Worker) and `ray`, the Ray container's name. */}}
{{- define "ray-history-server.collectorPod" -}}
{{- $root := .root -}}
{{- $labels := include "ray-history-server.identityPodLabels" $root -}}
{{- $account := .root.Values.collector.serviceAccountName -}}
{{- if and (not $account) (eq .root.Values.credentials.mode "identity") -}}
{{- $account = include "ray-history-server.serviceAccountName" .root -}}
{{- end -}}
{{- with $labels -}}
metadata:
  labels:
    {{- . | nindent 4 }}
{{ end -}}
spec:
  {{- with $account }}
  serviceAccountName: {{ . }}
  {{- end }}
  terminationGracePeriodSeconds: 60
  containers:
  # Your own Ray container, with this beside what it has.
  - name: {{ .ray }}
    env:
    - name: RAY_enable_ray_event
      value: "true"
    - name: RAY_enable_core_worker_ray_event_to_aggregator
      value: "true"
    - name: RAY_DASHBOARD_AGGREGATOR_AGENT_EVENTS_EXPORT_ADDR
      value: http://localhost:8084/v1/events
    # Ray before 2.54 takes no ALL, and needs the types by name.
    - name: RAY_DASHBOARD_AGGREGATOR_AGENT_EXPOSABLE_EVENT_TYPES
      value: ALL
    volumeMounts:
    - name: ray
      mountPath: /tmp/ray
  - name: collector
    image: {{ include "ray-history-server.image" (dict "image" $root.Values.collector.image "root" $root) | quote }}
    imagePullPolicy: {{ $root.Values.collector.image.pullPolicy }}
    args:
    - --role={{ .role }}
    env:
    - name: RAY_CLUSTER_NAME
      valueFrom:
        fieldRef:
          fieldPath: metadata.labels['ray.io/cluster']
    - name: RAY_CLUSTER_NAMESPACE
      valueFrom:
        fieldRef:
          fieldPath: metadata.namespace
    - name: POD_IP
      valueFrom:
        fieldRef:
          fieldPath: status.podIP
    - name: FQ_RAY_IP
      value: $(RAY_CLUSTER_NAME)-head-svc.$(RAY_CLUSTER_NAMESPACE).svc.cluster.local
    # terminationGracePeriodSeconds, less a few seconds.
    - name: SHUTDOWN_TIMEOUT
      value: 55s
    {{- range $name, $value := fromYaml (include "ray-history-server.storeVariables" $root) }}
    - name: {{ $name }}
      value: {{ $value | quote }}
    {{- end }}
    {{- if eq $root.Values.credentials.mode "secret" }}
    envFrom:
    - secretRef:
        name: {{ $root.Values.credentials.secretName }}
    {{- end }}
    ports:
    - name: collector
      containerPort: 8085
    startupProbe:
      httpGet:
        path: /readyz
        port: 8085
      periodSeconds: 1
      failureThreshold: 60
    livenessProbe:
      httpGet:
        path: /healthz
        port: 8085
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    resources:
      requests:
        cpu: 50m
        memory: 64Mi
      limits:
        cpu: 200m
        memory: 256Mi
    securityContext:
      runAsNonRoot: true
      runAsUser: 1000
      runAsGroup: 1000
      readOnlyRootFilesystem: true
      allowPrivilegeEscalation: false
      capabilities:
        drop:
        - ALL
      seccompProfile:
        type: RuntimeDefault
    volumeMounts:
    - name: ray
      mountPath: /tmp/ray
    {{- with include "ray-history-server.storeVolumeMounts" (dict "root" $root "readOnly" false) | trim }}
    {{- . | nindent 4 }}
    {{- end }}
  volumes:
  - name: ray
    emptyDir: {}
  {{- with include "ray-history-server.storeVolumes" $root | trim }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end -}}
