"""Seed 3's two SDK examples as they are printed there, but for the host, and an execution block that calls both."""
from genesyscloud import ApiClient, Configuration
from genesyscloud.rest import ApiException
from genesyscloud.conversations_api import ConversationsApi
import os
import sys
import time


def make_outbound_call_sdk(
    org_id: str,
    client_id: str,
    client_secret: str,
    from_user_id: str,
    from_phone_number: str,
    to_phone_number: str
):
    """
    Initiates an outbound PSTN call using the Genesys Cloud Python SDK.
    """
    # 1. Configure the client
    configuration = Configuration()
    configuration.host = f"{os.environ['DIALPLANE_URL']}/api/v2"

    # Use OAuth client credentials
    api_client = ApiClient(configuration)
    api_client.refresh_token_credentials(client_id, client_secret)

    # 2. Initialize the Conversations API client
    conversations_api = ConversationsApi(api_client)

    # 3. Build the request body
    # The SDK expects a ConversationsCallsPostRequest object
    from genesyscloud.models import ConversationsCallsPostRequest, ConversationsCallsPostFrom, ConversationsCallsPostTo

    # Define the 'from' object
    from_obj = ConversationsCallsPostFrom(
        id=from_user_id,
        phone_number=from_phone_number
    )

    # Define the 'to' object
    to_obj = ConversationsCallsPostTo(
        phone_number=to_phone_number
    )

    # Construct the full request
    call_request = ConversationsCallsPostRequest(
        from_=from_obj,
        to=to_obj,
        type="pstn"
    )

    try:
        # 4. Execute the call
        response = conversations_api.post_conversations_calls(body=call_request)
        print(f"Call Initiated Successfully.")
        print(f"Conversation ID: {response.id}")
        print(f"Status: {response.status}")
        return response.id
    except ApiException as e:
        print(f"Exception when calling ConversationsApi->post_conversations_calls: {e}")
        if e.status == 400:
            print("Bad Request: Check phone number formats or user ID.")
        elif e.status == 403:
            print("Forbidden: Check user permissions or Caller ID ownership.")
        elif e.status == 429:
            print("Rate Limited: Implement retry logic.")
        raise


def monitor_call_status(
    api_client: ApiClient,
    conversation_id: str,
    max_wait_seconds: int = 60
):
    """
    Polls the conversation status until it changes from 'queued' or 'initiated'.
    """
    conversations_api = ConversationsApi(api_client)
    start_time = time.time()
    while time.time() - start_time < max_wait_seconds:
        try:
            # Get the conversation details
            conv = conversations_api.get_conversation(conversation_id)
            print(f"Current Status: {conv.status}")

            # If the call is no longer in an initial state, we can stop polling
            if conv.status not in ["queued", "initiated"]:
                print(f"Call transitioned to: {conv.status}")
                return conv.status
        except ApiException as e:
            print(f"Error fetching conversation status: {e}")
            break
        # Wait before next poll to avoid rate limiting
        time.sleep(2)

    print("Timed out waiting for call status update.")
    return None


if __name__ == "__main__":
    conversation_id = make_outbound_call_sdk(
        org_id="your_org_id",
        client_id=os.environ["CLIENT_ID"],
        client_secret=os.environ["CLIENT_SECRET"],
        from_user_id="a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        from_phone_number=sys.argv[1],
        to_phone_number=sys.argv[2]
    )
    watcher = ApiClient(Configuration(f"{os.environ['DIALPLANE_URL']}/api/v2"))
    watcher.refresh_token_credentials(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
    monitor_call_status(watcher, conversation_id)
