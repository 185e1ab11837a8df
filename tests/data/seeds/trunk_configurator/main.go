// Seed 1, the complete working example, as printed but for an import that it does not use.
package main

import (
	"context"
	"fmt"
	"log"
	"time"
)

type TrunkConfigurator struct {
	OAuthConfig
	EdgeGroupID  string
	SIPProfileID string
	TargetWebhook string
}

func (tc *TrunkConfigurator) ProvisionTrunk(ctx context.Context, maxSessions int) error {
	log.Println("Starting trunk provisioning workflow")

	token, err := FetchToken(tc.OAuthConfig)
	if err != nil {
		return fmt.Errorf("authentication failed: %w", err)
	}

	payload := BuildTrunkPayload(tc.EdgeGroupID, tc.SIPProfileID, maxSessions)

	if err := ValidateTrunkPayload(payload); err != nil {
		return fmt.Errorf("payload validation failed: %w", err)
	}

	if err := VerifySIPProfile(ctx, token, tc.SIPProfileID, payload.Codecs); err != nil {
		return fmt.Errorf("sip profile verification failed: %w", err)
	}

	edgeID, err := RegisterTrunk(ctx, token, payload)
	if err != nil {
		return fmt.Errorf("trunk registration failed: %w", err)
	}
	log.Printf("Trunk registered successfully. ID: %s", edgeID)

	if err := SubscribeTrunkWebhook(ctx, token, tc.TargetWebhook); err != nil {
		log.Printf("Warning: webhook subscription failed: %v", err)
	}

	time.Sleep(2 * time.Second)

	events, err := QueryTrunkAuditEvents(ctx, token, edgeID)
	if err != nil {
		return fmt.Errorf("audit query failed: %w", err)
	}

	for _, evt := range events {
		evtType, _ := evt["eventType"].(string)
		timestamp, _ := evt["timestamp"].(string)
		fmt.Printf("Audit event: %s at %s\n", evtType, timestamp)
	}

	return nil
}

func main() {
	cfg := TrunkConfigurator{
		OAuthConfig: OAuthConfig{
			ClientID:     "YOUR_CLIENT_ID",
			ClientSecret: "YOUR_CLIENT_SECRET",
		},
		EdgeGroupID:   "YOUR_EDGE_GROUP_ID",
		SIPProfileID:  "YOUR_SIP_PROFILE_ID",
		TargetWebhook: "https://your-monitoring-platform.com/webhooks/genesys-trunks",
	}

	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()

	if err := cfg.ProvisionTrunk(ctx, 500); err != nil {
		log.Fatalf("Provisioning failed: %v", err)
	}

	log.Println("Trunk configuration complete")
}
