{{/* The plan, which `make chart` writes. */}}
{{- define "plan" -}}
{{- $text := .Files.Get "files/plan.json" -}}
{{- if not $text }}{{ fail "files/plan.json is missing: `make chart` writes it." }}{{ end -}}
{{- $text -}}
{{- end }}

{{- define "labels" -}}
app.kubernetes.io/part-of: retrato
app.kubernetes.io/component: {{ .part }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{- define "selector" -}}
app.kubernetes.io/part-of: retrato
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "image" -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end }}
{{- end }}

{{- define "spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: {{ if .root.Values.zones.required }}DoNotSchedule{{ else }}ScheduleAnyway{{ end }}
    labelSelector: {matchLabels: {app.kubernetes.io/part-of: retrato, app.kubernetes.io/component: {{ .part }}}}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {matchLabels: {app.kubernetes.io/part-of: retrato, app.kubernetes.io/component: {{ .part }}}}
{{- end }}

{{/* Of every pod: no root, no capability, nothing to write on. */}}
{{- define "podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}
{{- define "containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "resources" -}}
requests: {cpu: {{ .cpu }}, memory: {{ .memory }}}
limits: {memory: {{ .memoryLimit }}}
{{- end }}

{{/* The shard map of a group, as a document. */}}
{{- define "shardMap" -}}
{{- $root := .root }}
{{- $primaries := dict }}{{ $shards := list }}
{{- range .group.databases }}
{{- $given := get $root.Values.databases.hosts .name }}
{{- $prefix := printf "%s-%s" $root.Values.databases.release .name }}
{{- $ours := dict "host" (printf "%s-rw" $prefix) "port" 5432 "replicas" (list (dict "host" (printf "%s-ro" $prefix) "port" 5432)) }}
{{- $place := $ours }}
{{- if $given }}
{{- $replicas := list }}
{{- range ($given.replicas | default list) }}{{ $replicas = append $replicas (dict "host" .host "port" (.port | default 5432 | int)) }}{{ end }}
{{- $place = dict "host" $given.host "port" ($given.port | default 5432 | int) "replicas" $replicas }}
{{- end }}
{{- $_ := set $primaries .name $place }}
{{- $shards = append $shards (dict "first" (int .first) "last" (int .last) "primary" .name) }}
{{- end }}
{{- dict "group" .name "version" 1 "shard_count" (int .group.shardCount) "primaries" $primaries "shards" $shards | toPrettyJson }}
{{- end }}

{{/* Variables for somebody else's certificates, where a service has them. */}}
{{- define "foreignCas" -}}
{{- if and .root.Values.redis.caFile .withRedis }}
{{ .prefix }}_REDIS_CA_FILE: {{ .root.Values.redis.caFile | quote }}
{{- end }}
{{- if and .root.Values.databases.caFile .withShards }}
{{ .prefix }}_POSTGRES_CA_FILE: {{ .root.Values.databases.caFile | quote }}
{{- end }}
{{- end }}
