{{/* Who a line of the plan's table means, as a list of peers in JSON; empty if values name nobody. */}}
{{- define "peers" -}}
{{- $v := .root.Values }}{{ $peers := list }}
{{- if eq .part "public" }}
{{- $peers = list (dict "ipBlock" (dict "cidr" "0.0.0.0/0")) (dict "ipBlock" (dict "cidr" "::/0")) }}
{{- else if eq .part "prometheus" }}
{{- $peers = list (dict "namespaceSelector" (dict "matchLabels" (dict "kubernetes.io/metadata.name" $v.monitoring.namespace)) "podSelector" (dict "matchLabels" $v.monitoring.labels)) }}
{{- else if eq .part "dns" }}
{{- $dns := $v.networkPolicy.dns }}
{{- $peers = list (dict "namespaceSelector" (dict "matchLabels" (dict "kubernetes.io/metadata.name" $dns.namespace)) "podSelector" (dict "matchLabels" $dns.labels)) }}
{{- else if or (eq .part "outside") (hasPrefix "redis-" .part) }}
{{- range (ternary $v.store.networks $v.redis.networks (eq .part "outside")) }}{{ $peers = append $peers (dict "ipBlock" (dict "cidr" .)) }}{{ end }}
{{- else if and (hasPrefix "postgres-" .part) $v.databases.hosts }}
{{- range $v.databases.networks }}{{ $peers = append $peers (dict "ipBlock" (dict "cidr" .)) }}{{ end }}
{{- else }}
{{- $peers = list (dict "podSelector" (dict "matchLabels" (include "selector" (dict "part" .part) | fromYaml))) }}
{{- end }}
{{- $peers | toJson }}
{{- end }}

{{/* The ports of a line. A store or a Redis of somebody else may have another one than ours. */}}
{{- define "ports" -}}
{{- $v := .root.Values }}{{ $port := int .line.port }}
{{- if eq .line.to "outside" }}{{ $port = int $v.store.port }}{{ end }}
{{- if hasPrefix "redis-" .line.to }}{{ $port = int $v.redis.port }}{{ end }}
{{- if eq .line.to "dns" -}}
{{ list (dict "port" $port "protocol" "UDP") (dict "port" $port "protocol" "TCP") | toJson }}
{{- else -}}
{{ list (dict "port" $port "protocol" "TCP") | toJson }}
{{- end }}
{{- end }}
