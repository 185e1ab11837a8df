"""Seed 3's complete working example as it is printed there, but for the two lines that build the host from ORG_ID and the
credentials in the execution block, which come from the environment."""
import requests
import base64
import os
import time
import json

class GenesysOutboundCaller:
    def __init__(self, org_id: str, client_id: str, client_secret: str):
        self.org_id = org_id
        self.client_id = client_id
        self.client_secret = client_secret
        self.base_url = f"{os.environ['DIALPLANE_URL']}/api/v2"
        self.token_url = f"{os.environ['DIALPLANE_URL']}/oauth/token"
        self.access_token = None

    def authenticate(self):
        """Obtain OAuth2 Token"""
        credentials = f"{self.client_id}:{self.client_secret}"
        encoded_credentials = base64.b64encode(credentials.encode()).decode()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"Basic {encoded_credentials}"
        }
        data = {
            "grant_type": "client_credentials",
            "scope": "conversation:call:write"
        }
        response = requests.post(self.token_url, headers=headers, data=data)
        if response.status_code == 200:
            self.access_token = response.json()["access_token"]
            return True
        else:
            raise Exception(f"Authentication failed: {response.text}")

    def make_call(self, from_user_id: str, from_number: str, to_number: str) -> str:
        """
        Initiates an outbound call.
        Returns the Conversation ID.
        """
        if not self.access_token:
            self.authenticate()
        url = f"{self.base_url}/conversations/calls"
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.access_token}"
        }
        payload = {
            "from": {
                "id": from_user_id,
                "phoneNumber": from_number
            },
            "to": {
                "phoneNumber": to_number
            },
            "type": "pstn"
        }
        response = requests.post(url, headers=headers, json=payload)
        if response.status_code == 201:
            data = response.json()
            print(f"Call initiated. Conversation ID: {data['id']}")
            return data['id']
        else:
            raise Exception(f"Failed to initiate call: {response.status_code} - {response.text}")

    def get_call_status(self, conversation_id: str) -> dict:
        """
        Retrieves the current status of the conversation.
        """
        if not self.access_token:
            self.authenticate()
        url = f"{self.base_url}/conversations/{conversation_id}"
        headers = {
            "Authorization": f"Bearer {self.access_token}"
        }
        response = requests.get(url, headers=headers)
        if response.status_code == 200:
            return response.json()
        else:
            raise Exception(f"Failed to get status: {response.text}")

# --- Execution Block ---
if __name__ == "__main__":
    # Configuration
    ORG_ID = "your_org_id"
    CLIENT_ID = os.environ["CLIENT_ID"]
    CLIENT_SECRET = os.environ["CLIENT_SECRET"]
    # Call Details
    FROM_USER_ID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"  # The Agent's User ID
    FROM_NUMBER = "+15551234567"  # The Caller ID Number
    TO_NUMBER = "+15559876543"  # The Destination Number
    try:
        caller = GenesysOutboundCaller(ORG_ID, CLIENT_ID, CLIENT_SECRET)
        # 1. Initiate Call
        conv_id = caller.make_call(FROM_USER_ID, FROM_NUMBER, TO_NUMBER)
        # 2. Monitor Status (Simple Polling)
        print("Monitoring call status...")
        for _ in range(10):
            status_data = caller.get_call_status(conv_id)
            status = status_data.get("status")
            print(f"Status: {status}")
            # Stop if the call is no longer ringing/queued
            if status in ["connected", "disconnected", "failed"]:
                break
            time.sleep(2)
    except Exception as e:
        print(f"Error: {e}")
