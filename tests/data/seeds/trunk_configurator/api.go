// Seed 1, authentication and steps 1 to 6, as printed; only the two host names come from the environment of the test.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	AuthEndpoint = "https://api.mypurecloud.com/oauth/token"
	APIBaseURL   = "https://api.mypurecloud.com"
)

type TokenResponse struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"`
	TokenType   string `json:"token_type"`
}

type OAuthConfig struct {
	ClientID     string
	ClientSecret string
}

func FetchToken(cfg OAuthConfig) (string, error) {
	payload := fmt.Sprintf("grant_type=client_credentials&client_id=%s&client_secret=%s", cfg.ClientID, cfg.ClientSecret)
	
	req, err := http.NewRequest(http.MethodPost, AuthEndpoint, bytes.NewBufferString(payload))
	if err != nil {
		return "", fmt.Errorf("failed to create auth request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")

	client := &http.Client{Timeout: 10 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("auth request failed: %w", err)
	}
	defer resp.Body.Close()

	if resp.StatusCode == http.StatusTooManyRequests {
		retryAfter := 1
		if val, ok := resp.Header["Retry-After"]; ok {
			fmt.Sscanf(val[0], "%d", &retryAfter)
		}
		time.Sleep(time.Duration(retryAfter) * time.Second)
		return FetchToken(cfg)
	}

	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(resp.Body)
		return "", fmt.Errorf("auth failed %d: %s", resp.StatusCode, string(body))
	}

	var tokenResp TokenResponse
	if err := json.NewDecoder(resp.Body).Decode(&tokenResp); err != nil {
		return "", fmt.Errorf("failed to decode token: %w", err)
	}

	return tokenResp.AccessToken, nil
}

type EdgePayload struct {
	Name                string            `json:"name"`
	EdgeGroupId         string            `json:"edgeGroupId"`
	SipProfileId        string            `json:"sipProfileId"`
	MaxConcurrentSessions int             `json:"maxConcurrentSessions"`
	Codecs              []string          `json:"codecs"`
	Registration        *RegistrationInfo `json:"registration"`
	HealthProbe         *HealthProbeInfo  `json:"healthProbe"`
}

type RegistrationInfo struct {
	Type     string `json:"type"`
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Username string `json:"username"`
	Password string `json:"password"`
}

type HealthProbeInfo struct {
	Enabled          bool `json:"enabled"`
	IntervalSeconds  int  `json:"intervalSeconds"`
}

func BuildTrunkPayload(edgeGroupID, sipProfileID string, maxSessions int) EdgePayload {
	return EdgePayload{
		Name:                "Automated-Connect-Trunk",
		EdgeGroupId:         edgeGroupID,
		SipProfileId:        sipProfileID,
		MaxConcurrentSessions: maxSessions,
		Codecs:              []string{"G711u", "G729", "Opus"},
		Registration: &RegistrationInfo{
			Type:     "REGISTER",
			Host:     "sip.carrier.example.com",
			Port:     5060,
			Username: "trunk_user_01",
			Password: "secure_trunk_password",
		},
		HealthProbe: &HealthProbeInfo{
			Enabled:         true,
			IntervalSeconds: 30,
		},
	}
}

var AllowedCodecs = map[string]bool{
	"G711u": true, "G711a": true, "G729": true, "Opus": true, "GSM": true,
}

func ValidateTrunkPayload(p EdgePayload) error {
	if p.Name == "" || p.EdgeGroupId == "" || p.SipProfileId == "" {
		return fmt.Errorf("missing required identifiers")
	}

	if p.MaxConcurrentSessions <= 0 || p.MaxConcurrentSessions > 2000 {
		return fmt.Errorf("maxConcurrentSessions must be between 1 and 2000")
	}

	for _, codec := range p.Codecs {
		if !AllowedCodecs[codec] {
			return fmt.Errorf("unsupported codec: %s", codec)
		}
	}

	if p.Registration == nil || p.Registration.Host == "" {
		return fmt.Errorf("registration host is required")
	}

	return nil
}

func RegisterTrunk(ctx context.Context, token string, payload EdgePayload) (string, error) {
	jsonPayload, err := json.Marshal(payload)
	if err != nil {
		return "", fmt.Errorf("failed to marshal payload: %w", err)
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodPost, APIBaseURL+"/api/v2/telephony/providers/edges", bytes.NewReader(jsonPayload))
	if err != nil {
		return "", fmt.Errorf("failed to create request: %w", err)
	}

	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")

	client := &http.Client{Timeout: 15 * time.Second}
	var resp *http.Response
	var bodyBytes []byte

	for attempt := 0; attempt < 3; attempt++ {
		resp, err = client.Do(req)
		if err != nil {
			return "", fmt.Errorf("request failed: %w", err)
		}
		bodyBytes, _ = io.ReadAll(resp.Body)
		resp.Body.Close()

		if resp.StatusCode == http.StatusTooManyRequests {
			backoff := time.Duration(1<<attempt) * time.Second
			fmt.Printf("Rate limited. Retrying in %v\n", backoff)
			time.Sleep(backoff)
			continue
		}
		break
	}

	if resp.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("registration failed %d: %s", resp.StatusCode, string(bodyBytes))
	}

	var edgeResp struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(bodyBytes, &edgeResp); err != nil {
		return "", fmt.Errorf("failed to parse response: %w", err)
	}

	return edgeResp.ID, nil
}

func VerifySIPProfile(ctx context.Context, token string, profileID string, requestedCodecs []string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/api/v2/telephony/providers/sipprofiles/%s", APIBaseURL, profileID), nil)
	if err != nil {
		return fmt.Errorf("failed to create sip profile request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)

	client := &http.Client{Timeout: 10 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("sip profile query failed: %w", err)
	}
	defer resp.Body.Close()

	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("sip profile not found or unauthorized: %d", resp.StatusCode)
	}

	var profile struct {
		Codecs []string `json:"codecs"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&profile); err != nil {
		return fmt.Errorf("failed to decode sip profile: %w", err)
	}

	profileCodecMap := make(map[string]bool)
	for _, c := range profile.Codecs {
		profileCodecMap[c] = true
	}

	for _, req := range requestedCodecs {
		if !profileCodecMap[req] {
			return fmt.Errorf("codec negotiation mismatch: profile does not support %s", req)
		}
	}

	return nil
}

type WebhookPayload struct {
	Name           string   `json:"name"`
	Description    string   `json:"description"`
	ApiVersion     string   `json:"apiVersion"`
	EventType      []string `json:"eventType"`
	FilterCriteria string   `json:"filterCriteria"`
	TargetUri      string   `json:"targetUri"`
	Headers        map[string]string `json:"headers"`
}

func SubscribeTrunkWebhook(ctx context.Context, token string, targetURL string) error {
	payload := WebhookPayload{
		Name:           "Trunk-Status-Monitor",
		Description:    "Receives edge registration and health events",
		ApiVersion:     "v2",
		EventType:      []string{"telephony:edge:status:changed"},
		FilterCriteria: "",
		TargetUri:      targetURL,
		Headers:        map[string]string{"X-Genesys-Event": "true"},
	}

	jsonData, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("failed to marshal webhook: %w", err)
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodPost, APIBaseURL+"/api/v2/webhooks", bytes.NewReader(jsonData))
	if err != nil {
		return fmt.Errorf("failed to create webhook request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")

	client := &http.Client{Timeout: 10 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("webhook creation failed: %w", err)
	}
	defer resp.Body.Close()

	if resp.StatusCode != http.StatusCreated {
		body, _ := io.ReadAll(resp.Body)
		return fmt.Errorf("webhook subscription failed %d: %s", resp.StatusCode, string(body))
	}

	return nil
}

type AnalyticsQuery struct {
	Type     string `json:"type"`
	EventIds []string `json:"eventIds"`
	Filter   string `json:"filter"`
}

func QueryTrunkAuditEvents(ctx context.Context, token string, edgeID string) ([]map[string]interface{}, error) {
	filter := fmt.Sprintf("resourceIds:[%s] AND eventTypes:[audit:edge:updated,telephony:edge:registration:success,telephony:edge:registration:failure]", edgeID)
	query := AnalyticsQuery{
		Type:   "events",
		Filter: filter,
	}

	jsonData, err := json.Marshal(query)
	if err != nil {
		return nil, fmt.Errorf("failed to marshal analytics query: %w", err)
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodPost, APIBaseURL+"/api/v2/analytics/events/query", bytes.NewReader(jsonData))
	if err != nil {
		return nil, fmt.Errorf("failed to create analytics request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")

	client := &http.Client{Timeout: 15 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("analytics query failed: %w", err)
	}
	defer resp.Body.Close()

	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(resp.Body)
		return nil, fmt.Errorf("analytics request failed %d: %s", resp.StatusCode, string(body))
	}

	var result struct {
		Events []map[string]interface{} `json:"events"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&result); err != nil {
		return nil, fmt.Errorf("failed to decode analytics response: %w", err)
	}

	return result.Events, nil
}
